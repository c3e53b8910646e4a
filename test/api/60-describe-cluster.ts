/** DescribeCluster: brokers, endpoint types, operations. */
import { servedVersions } from '../harness/client.ts';
import type { Scenario } from '../harness/session.ts';

export const describeClusterScenarios: readonly Scenario[] = [
  {
    name: 'all requests',
    versions: servedVersions('DescribeCluster'),
    async run(session) {
      const plain = { includeClusterAuthorizedOperations: false, includeFencedBrokers: false };
      await session.ask('plain', 'DescribeCluster', plain);
      await session.ask('operations', 'DescribeCluster', { ...plain, includeClusterAuthorizedOperations: true });
      if (session.version >= 1) {
        for (const endpointType of [1, 2, 0, 3, -1]) {
          await session.ask(`endpoint type ${endpointType}`, 'DescribeCluster', { ...plain, endpointType });
        }
      }
      if (session.version >= 2) {
        await session.ask('fenced ones too', 'DescribeCluster', { ...plain, includeFencedBrokers: true });
        const both = { includeClusterAuthorizedOperations: true, includeFencedBrokers: true, endpointType: 2 };
        await session.ask('fenced controllers', 'DescribeCluster', both);
      }
    },
  },
];
