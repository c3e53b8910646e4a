/** A small request of every API that we serve, about topics that do not exist, with something in every field that its version has. */
import { type Uuid, uuidFromText } from '../../src/base/uuid.ts';
import { memoryRecords } from '../../src/protocol/records.ts';
import type { ApiName, RequestInputOf } from '../../src/protocol/schema/index.ts';
import { batchOf } from '../harness/batches.ts';

const UNKNOWN = uuidFromText('AAAAAAAAAAAAAAAAAAABkA') as Uuid;
const NO_ID = '\0'.repeat(16) as Uuid;

type Samples = { readonly [N in ApiName]?: (version: number, name: string) => RequestInputOf<N> };

export const SAMPLES = {
  Produce: (_version, name) => ({
    transactionalId: null,
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name, topicId: UNKNOWN, partitionData: [{ index: 0, records: memoryRecords(batchOf(['sweep'])) }] }],
  }),
  Fetch: (version, name) => ({
    ...(version >= 12 ? { clusterId: null } : {}),
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1000,
    isolationLevel: 1,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic: name,
        topicId: UNKNOWN,
        partitions: [
          { partition: 0, currentLeaderEpoch: 3, fetchOffset: 5, logStartOffset: -1, partitionMaxBytes: 1000 },
        ],
      },
    ],
    forgottenTopicsData: version >= 7 ? [{ topic: name, topicId: UNKNOWN, partitions: [1, 2] }] : [],
    rackId: 'rack',
  }),
  ListOffsets: (version, name) => ({
    replicaId: -1,
    isolationLevel: version >= 2 ? 1 : 0,
    topics: [{ name, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }] }],
    ...(version >= 10 ? { timeoutMs: 1000 } : {}),
  }),
  Metadata: (version, name) => ({
    // Before version 4 a topic that is missing would be made.
    topics: version >= 4 ? [{ name }] : [{ name: 'not a name' }],
    allowAutoTopicCreation: version < 4,
    includeTopicAuthorizedOperations: version >= 8,
    includeClusterAuthorizedOperations: version >= 8 && version <= 10,
  }),
  OffsetCommit: (version, name) => ({
    groupId: name,
    generationIdOrMemberEpoch: 3,
    memberId: 'm',
    ...(version >= 7 ? { groupInstanceId: 'i' } : {}),
    ...(version <= 4 ? { retentionTimeMs: 1000 } : {}),
    topics: [
      {
        name,
        topicId: UNKNOWN,
        partitions: [{ partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: 1, committedMetadata: 'x' }],
      },
    ],
  }),
  OffsetFetch: (version, name) => {
    const topics = [{ name, topicId: UNKNOWN, partitionIndexes: [0, 1] }];
    const stable = version >= 7 ? { requireStable: true } : {};
    if (version < 8) return { groupId: name, topics, groups: [], ...stable };
    const member = version >= 9 ? { memberId: 'm', memberEpoch: 3 } : {};
    return { groupId: '', topics: [], groups: [{ groupId: name, topics, ...member }], ...stable };
  },
  // Of no type that there is: Kafka would make its internal topics over one that there is.
  FindCoordinator: (version, name) => ({
    keyType: version >= 1 ? 9 : 0,
    key: version >= 4 ? '' : name,
    coordinatorKeys: version >= 4 ? [name, 'other'] : [],
  }),
  // A session timeout that is refused: else the answer would wait for members.
  JoinGroup: (version, name) => ({
    groupId: name,
    sessionTimeoutMs: 1,
    rebalanceTimeoutMs: version >= 1 ? 2 : -1,
    memberId: 'member',
    groupInstanceId: version >= 5 ? 'instance' : null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 2]) }],
    reason: version >= 8 ? 'reason' : null,
  }),
  Heartbeat: (version, name) => ({
    groupId: name,
    generationId: 3,
    memberId: 'member',
    groupInstanceId: version >= 3 ? 'instance' : null,
  }),
  LeaveGroup: (version, name) => ({
    groupId: name,
    memberId: version < 3 ? 'member' : '',
    members:
      version < 3
        ? []
        : [
            { memberId: 'member', groupInstanceId: 'instance', reason: version >= 5 ? 'reason' : null },
            { memberId: '' },
          ],
  }),
  SyncGroup: (version, name) => ({
    groupId: name,
    generationId: 3,
    memberId: 'member',
    groupInstanceId: version >= 3 ? 'instance' : null,
    protocolType: version >= 5 ? 'consumer' : null,
    protocolName: version >= 5 ? 'range' : null,
    assignments: [{ memberId: 'member', assignment: Buffer.from([1, 2, 3]) }],
  }),
  DescribeGroups: (version, name) => ({ groups: [name], includeAuthorizedOperations: version >= 3 }),
  // An epoch of a group that is not there.
  ConsumerGroupHeartbeat: (version, name) => ({
    groupId: name,
    memberId: 'member',
    memberEpoch: 3,
    instanceId: 'instance',
    rackId: 'rack',
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: [name, 'other'],
    subscribedTopicRegex: version >= 1 ? 'a.*' : null,
    serverAssignor: 'range',
    topicPartitions: [{ topicId: UNKNOWN, partitions: [0, 2] }],
  }),
  ConsumerGroupDescribe: (_version, name) => ({ groupIds: [name], includeAuthorizedOperations: true }),
  ListGroups: (version) => ({
    statesFilter: version >= 4 ? ['nonsense'] : [],
    typesFilter: version >= 5 ? ['nonsense'] : [],
  }),
  ApiVersions: () => ({ clientSoftwareName: 'sweep', clientSoftwareVersion: '1.0' }),
  CreateTopics: (_version, name) => ({
    topics: [
      {
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [{ partitionIndex: 0, brokerIds: [77] }],
        configs: [{ name: 'retention.ms', value: '1000' }],
      },
    ],
    timeoutMs: 1000,
    validateOnly: true,
  }),
  DeleteTopics: (version, name) =>
    version >= 6
      ? { topics: [{ name, topicId: NO_ID }], topicNames: [], timeoutMs: 1000 }
      : { topics: [], topicNames: [name], timeoutMs: 1000 },
  DeleteRecords: (_version, name) => ({
    topics: [{ name, partitions: [{ partitionIndex: 0, offset: 1 }] }],
    timeoutMs: 1000,
  }),
  InitProducerId: (version) => ({
    transactionalId: null,
    transactionTimeoutMs: 1000,
    ...(version >= 3 ? { producerId: 5, producerEpoch: -1 } : {}),
  }),
  OffsetForLeaderEpoch: (_version, name) => ({
    topics: [{ topic: name, partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
  }),
  AddPartitionsToTxn: (version, name) => {
    const topics = [{ name, partitions: [0, 3] }];
    const transaction = { transactionalId: name, producerId: 5, producerEpoch: 3, verifyOnly: true, topics };
    return version >= 4
      ? {
          transactions: [transaction],
          v3AndBelowTransactionalId: '',
          v3AndBelowProducerId: 0,
          v3AndBelowProducerEpoch: 0,
          v3AndBelowTopics: [],
        }
      : {
          transactions: [],
          v3AndBelowTransactionalId: name,
          v3AndBelowProducerId: 5,
          v3AndBelowProducerEpoch: 3,
          v3AndBelowTopics: topics,
        };
  },
  AddOffsetsToTxn: (_version, name) => ({ transactionalId: name, producerId: 5, producerEpoch: 3, groupId: name }),
  EndTxn: (_version, name) => ({ transactionalId: name, producerId: 5, producerEpoch: 3, committed: true }),
  WriteTxnMarkers: (version, name) => ({
    markers: [
      {
        producerId: 5,
        producerEpoch: 3,
        transactionResult: true,
        topics: [{ name, partitionIndexes: [0, 1] }],
        coordinatorEpoch: 7,
        ...(version >= 2 ? { transactionVersion: 2 } : {}),
      },
    ],
  }),
  TxnOffsetCommit: (version, name) => ({
    transactionalId: name,
    groupId: name,
    producerId: 5,
    producerEpoch: 3,
    ...(version >= 3 ? { generationIdOrMemberEpoch: 3, memberId: 'm', groupInstanceId: 'i' } : {}),
    topics: [
      {
        name,
        topicId: UNKNOWN,
        partitions: [{ partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: 3, committedMetadata: 'm' }],
      },
    ],
  }),
  DescribeConfigs: (version, name) => ({
    resources: [{ resourceType: 2, resourceName: name, configurationKeys: ['retention.ms'] }],
    includeSynonyms: true,
    ...(version >= 3 ? { includeDocumentation: true } : {}),
  }),
  AlterConfigs: (_version, name) => ({
    resources: [{ resourceType: 2, resourceName: name, configs: [{ name: 'retention.ms', value: '1000' }] }],
    validateOnly: true,
  }),
  CreatePartitions: (_version, name) => ({
    topics: [{ name, count: 3, assignments: [{ brokerIds: [1] }] }],
    timeoutMs: 1000,
    validateOnly: true,
  }),
  DeleteGroups: (_version, name) => ({ groupsNames: [name] }),
  IncrementalAlterConfigs: (_version, name) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: name,
        configs: [{ name: 'retention.ms', configOperation: 0, value: '1000' }],
      },
    ],
    validateOnly: true,
  }),
  OffsetDelete: (_version, name) => ({ groupId: name, topics: [{ name, partitions: [{ partitionIndex: 0 }] }] }),
  DescribeCluster: () => ({ includeClusterAuthorizedOperations: true, includeFencedBrokers: false }),
  DescribeTransactions: (_version, name) => ({ transactionalIds: [name, 'other'] }),
  ListTransactions: (version) => ({
    stateFilters: ['nonsense'],
    producerIdFilters: [1_000_000_007],
    ...(version >= 1 ? { durationFilter: 1000 } : {}),
    ...(version >= 2 ? { transactionalIdPattern: 'x.*' } : {}),
  }),
  DescribeProducers: (_version, name) => ({ topics: [{ name, partitionIndexes: [0, 1] }] }),
  DescribeTopicPartitions: (_version, name) => ({
    topics: [{ name }],
    responsePartitionLimit: 5,
    cursor: { topicName: name, partitionIndex: 0 },
  }),
} satisfies Samples;

export type SweptApi = keyof typeof SAMPLES;
