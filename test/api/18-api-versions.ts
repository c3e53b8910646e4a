/** ApiVersions: what is served, the features, and what is refused. */
import type { ApiName, DecodedResponseOf } from '../../src/protocol/schema/index.ts';
import { APIS, apiNameOfKey } from '../../src/protocol/schema/index.ts';
import { decodeResponseHeader } from '../../src/protocol/frame.ts';
import { servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';

/** The rows that we have as well. */
const SERVED = new Set<ApiName>([
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'FindCoordinator',
  'JoinGroup',
  'Heartbeat',
  'LeaveGroup',
  'SyncGroup',
  'DescribeGroups',
  'ListGroups',
  'ApiVersions',
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'InitProducerId',
  'OffsetForLeaderEpoch',
  'DescribeConfigs',
  'CreatePartitions',
  'DeleteGroups',
  'OffsetDelete',
  'DescribeCluster',
  'ConsumerGroupHeartbeat',
  'ConsumerGroupDescribe',
  'DescribeTopicPartitions',
]);
/** They stay at 0 until share and streams groups are served. */
const LATER = new Set(['share.version', 'streams.version']);

function comparable(answer: DecodedResponseOf<'ApiVersions'>): unknown {
  return {
    ...answer,
    apiKeys: answer.apiKeys.filter(({ apiKey }) => SERVED.has(apiNameOfKey(apiKey) ?? 'Vote')),
    supportedFeatures: answer.supportedFeatures.filter(({ name }) => !LATER.has(name)),
    finalizedFeatures: answer.finalizedFeatures.filter(({ name }) => !LATER.has(name)),
  };
}

async function ask(
  session: Session,
  label: string,
  request: {
    clientSoftwareName?: string;
    clientSoftwareVersion?: string;
    clusterId?: string | null;
    nodeId?: number;
  } = {},
): Promise<void> {
  const known = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.0', ...request };
  session.tell(label, comparable(await session.quietly('ApiVersions', session.version, known)));
}

/** A frame with a header that no codec of ours would write. */
function frameOf(version: number, body: readonly number[]): Buffer {
  const frame = Buffer.alloc(17 + body.length);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(APIS.ApiVersions.key, 4);
  frame.writeInt16BE(version, 6);
  frame.writeInt32BE(4711, 8);
  frame.writeInt16BE(3, 12);
  frame.write('raw', 14);
  frame.set(body, 17);
  return frame;
}

export const apiVersionsScenarios: readonly Scenario[] = [
  { name: 'plain', versions: servedVersions('ApiVersions'), run: (session) => ask(session, 'plain') },
  {
    name: 'names of software',
    versions: [2, 3, 4, 5],
    async run(session) {
      await ask(session, 'an empty name', { clientSoftwareName: '' });
      await ask(session, 'an empty version', { clientSoftwareVersion: '' });
      await ask(session, 'a dash in front', { clientSoftwareName: '-raw' });
      await ask(session, 'a dot at the end', { clientSoftwareVersion: '1.0.' });
      await ask(session, 'a space', { clientSoftwareName: 'a b' });
      await ask(session, 'an umlaut', { clientSoftwareName: 'ä' });
      await ask(session, 'all that is allowed', { clientSoftwareName: 'A-1.b', clientSoftwareVersion: 'v1.0-RC.2' });
      await ask(session, 'one letter', { clientSoftwareName: 'A', clientSoftwareVersion: '1' });
    },
  },
  {
    name: 'meant for another broker',
    versions: [5],
    async run(session) {
      const { clusterId } = session.target;
      await ask(session, 'this cluster', { clusterId });
      await ask(session, 'this broker', { clusterId, nodeId: 1 });
      await ask(session, 'another broker', { clusterId, nodeId: 2 });
      await ask(session, 'another cluster', { clusterId: 'AAAAAAAAAAAAAAAAAAAAAA', nodeId: 1 });
      await ask(session, 'another cluster, any broker', { clusterId: 'AAAAAAAAAAAAAAAAAAAAAA' });
      await ask(session, 'this broker of any cluster', { nodeId: 1 });
      await ask(session, 'another broker of any cluster', { nodeId: 2 });
      await ask(session, 'an empty cluster id', { clusterId: '', nodeId: 1 });
      await ask(session, 'and the connection goes on', { clusterId, nodeId: 1 });
    },
  },
  {
    name: 'a version too new',
    versions: [5],
    async run(session) {
      const client = await session.client();
      for (const version of [6, 99, 32767, -1]) {
        client.send(frameOf(version, [0, 4, 1, 2, 3]));
        const frame = await client.receive();
        session.tell(`header, ${version}`, decodeResponseHeader('ApiVersions', 0, frame, 0, frame.length));
        session.tell(`answered in version 0, ${version}`, client.decode('ApiVersions', 0, frame));
      }
      const next = await client.ask('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' });
      session.tell('and goes on', comparable(next));
    },
  },
];
