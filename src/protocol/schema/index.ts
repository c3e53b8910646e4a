/**
 * The table of all APIs: what is on the wire, who may be asked, which versions are advertised.
 *
 * Keys 4 to 7 belonged to clusters with ZooKeeper: they have codecs (of Kafka 3.9) and are never served.
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- the keys of the table are its names
import type { Decoded, Input, Message } from '../message.ts';
import { type VersionRange, includes } from '../versions.ts';
import { produceRequest, produceResponse } from './00-produce.ts';
import { fetchRequest, fetchResponse } from './01-fetch.ts';
import { listOffsetsRequest, listOffsetsResponse } from './02-list-offsets.ts';
import { metadataRequest, metadataResponse } from './03-metadata.ts';
import { leaderAndIsrRequest, leaderAndIsrResponse } from './04-leader-and-isr.ts';
import { stopReplicaRequest, stopReplicaResponse } from './05-stop-replica.ts';
import { updateMetadataRequest, updateMetadataResponse } from './06-update-metadata.ts';
import { controlledShutdownRequest, controlledShutdownResponse } from './07-controlled-shutdown.ts';
import { offsetCommitRequest, offsetCommitResponse } from './08-offset-commit.ts';
import { offsetFetchRequest, offsetFetchResponse } from './09-offset-fetch.ts';
import { findCoordinatorRequest, findCoordinatorResponse } from './10-find-coordinator.ts';
import { joinGroupRequest, joinGroupResponse } from './11-join-group.ts';
import { heartbeatRequest, heartbeatResponse } from './12-heartbeat.ts';
import { leaveGroupRequest, leaveGroupResponse } from './13-leave-group.ts';
import { syncGroupRequest, syncGroupResponse } from './14-sync-group.ts';
import { describeGroupsRequest, describeGroupsResponse } from './15-describe-groups.ts';
import { listGroupsRequest, listGroupsResponse } from './16-list-groups.ts';
import { saslHandshakeRequest, saslHandshakeResponse } from './17-sasl-handshake.ts';
import { apiVersionsRequest, apiVersionsResponse } from './18-api-versions.ts';
import { createTopicsRequest, createTopicsResponse } from './19-create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from './20-delete-topics.ts';
import { deleteRecordsRequest, deleteRecordsResponse } from './21-delete-records.ts';
import { initProducerIdRequest, initProducerIdResponse } from './22-init-producer-id.ts';
import { offsetForLeaderEpochRequest, offsetForLeaderEpochResponse } from './23-offset-for-leader-epoch.ts';
import { addPartitionsToTxnRequest, addPartitionsToTxnResponse } from './24-add-partitions-to-txn.ts';
import { addOffsetsToTxnRequest, addOffsetsToTxnResponse } from './25-add-offsets-to-txn.ts';
import { endTxnRequest, endTxnResponse } from './26-end-txn.ts';
import { writeTxnMarkersRequest, writeTxnMarkersResponse } from './27-write-txn-markers.ts';
import { txnOffsetCommitRequest, txnOffsetCommitResponse } from './28-txn-offset-commit.ts';
import { describeAclsRequest, describeAclsResponse } from './29-describe-acls.ts';
import { createAclsRequest, createAclsResponse } from './30-create-acls.ts';
import { deleteAclsRequest, deleteAclsResponse } from './31-delete-acls.ts';
import { describeConfigsRequest, describeConfigsResponse } from './32-describe-configs.ts';
import { alterConfigsRequest, alterConfigsResponse } from './33-alter-configs.ts';
import { alterReplicaLogDirsRequest, alterReplicaLogDirsResponse } from './34-alter-replica-log-dirs.ts';
import { describeLogDirsRequest, describeLogDirsResponse } from './35-describe-log-dirs.ts';
import { saslAuthenticateRequest, saslAuthenticateResponse } from './36-sasl-authenticate.ts';
import { createPartitionsRequest, createPartitionsResponse } from './37-create-partitions.ts';
import { createDelegationTokenRequest, createDelegationTokenResponse } from './38-create-delegation-token.ts';
import { renewDelegationTokenRequest, renewDelegationTokenResponse } from './39-renew-delegation-token.ts';
import { expireDelegationTokenRequest, expireDelegationTokenResponse } from './40-expire-delegation-token.ts';
import { describeDelegationTokenRequest, describeDelegationTokenResponse } from './41-describe-delegation-token.ts';
import { deleteGroupsRequest, deleteGroupsResponse } from './42-delete-groups.ts';
import { electLeadersRequest, electLeadersResponse } from './43-elect-leaders.ts';
import { incrementalAlterConfigsRequest, incrementalAlterConfigsResponse } from './44-incremental-alter-configs.ts';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from './45-alter-partition-reassignments.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from './46-list-partition-reassignments.ts';
import { offsetDeleteRequest, offsetDeleteResponse } from './47-offset-delete.ts';
import { describeClientQuotasRequest, describeClientQuotasResponse } from './48-describe-client-quotas.ts';
import { alterClientQuotasRequest, alterClientQuotasResponse } from './49-alter-client-quotas.ts';
import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
} from './50-describe-user-scram-credentials.ts';
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
} from './51-alter-user-scram-credentials.ts';
import { voteRequest, voteResponse } from './52-vote.ts';
import { beginQuorumEpochRequest, beginQuorumEpochResponse } from './53-begin-quorum-epoch.ts';
import { endQuorumEpochRequest, endQuorumEpochResponse } from './54-end-quorum-epoch.ts';
import { describeQuorumRequest, describeQuorumResponse } from './55-describe-quorum.ts';
import { alterPartitionRequest, alterPartitionResponse } from './56-alter-partition.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from './57-update-features.ts';
import { envelopeRequest, envelopeResponse } from './58-envelope.ts';
import { fetchSnapshotRequest, fetchSnapshotResponse } from './59-fetch-snapshot.ts';
import { describeClusterRequest, describeClusterResponse } from './60-describe-cluster.ts';
import { describeProducersRequest, describeProducersResponse } from './61-describe-producers.ts';
import { brokerRegistrationRequest, brokerRegistrationResponse } from './62-broker-registration.ts';
import { brokerHeartbeatRequest, brokerHeartbeatResponse } from './63-broker-heartbeat.ts';
import { unregisterBrokerRequest, unregisterBrokerResponse } from './64-unregister-broker.ts';
import { describeTransactionsRequest, describeTransactionsResponse } from './65-describe-transactions.ts';
import { listTransactionsRequest, listTransactionsResponse } from './66-list-transactions.ts';
import { allocateProducerIdsRequest, allocateProducerIdsResponse } from './67-allocate-producer-ids.ts';
import { consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse } from './68-consumer-group-heartbeat.ts';
import { consumerGroupDescribeRequest, consumerGroupDescribeResponse } from './69-consumer-group-describe.ts';
import { controllerRegistrationRequest, controllerRegistrationResponse } from './70-controller-registration.ts';
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
} from './71-get-telemetry-subscriptions.ts';
import { pushTelemetryRequest, pushTelemetryResponse } from './72-push-telemetry.ts';
import { assignReplicasToDirsRequest, assignReplicasToDirsResponse } from './73-assign-replicas-to-dirs.ts';
import { listConfigResourcesRequest, listConfigResourcesResponse } from './74-list-config-resources.ts';
import { describeTopicPartitionsRequest, describeTopicPartitionsResponse } from './75-describe-topic-partitions.ts';
import { shareGroupHeartbeatRequest, shareGroupHeartbeatResponse } from './76-share-group-heartbeat.ts';
import { shareGroupDescribeRequest, shareGroupDescribeResponse } from './77-share-group-describe.ts';
import { shareFetchRequest, shareFetchResponse } from './78-share-fetch.ts';
import { shareAcknowledgeRequest, shareAcknowledgeResponse } from './79-share-acknowledge.ts';
import { addRaftVoterRequest, addRaftVoterResponse } from './80-add-raft-voter.ts';
import { removeRaftVoterRequest, removeRaftVoterResponse } from './81-remove-raft-voter.ts';
import { updateRaftVoterRequest, updateRaftVoterResponse } from './82-update-raft-voter.ts';
import {
  initializeShareGroupStateRequest,
  initializeShareGroupStateResponse,
} from './83-initialize-share-group-state.ts';
import { readShareGroupStateRequest, readShareGroupStateResponse } from './84-read-share-group-state.ts';
import { writeShareGroupStateRequest, writeShareGroupStateResponse } from './85-write-share-group-state.ts';
import { deleteShareGroupStateRequest, deleteShareGroupStateResponse } from './86-delete-share-group-state.ts';
import {
  readShareGroupStateSummaryRequest,
  readShareGroupStateSummaryResponse,
} from './87-read-share-group-state-summary.ts';
import { streamsGroupHeartbeatRequest, streamsGroupHeartbeatResponse } from './88-streams-group-heartbeat.ts';
import { streamsGroupDescribeRequest, streamsGroupDescribeResponse } from './89-streams-group-describe.ts';
import {
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
} from './90-describe-share-group-offsets.ts';
import { alterShareGroupOffsetsRequest, alterShareGroupOffsetsResponse } from './91-alter-share-group-offsets.ts';
import { deleteShareGroupOffsetsRequest, deleteShareGroupOffsetsResponse } from './92-delete-share-group-offsets.ts';
import {
  streamsGroupTopologyDescriptionUpdateRequest,
  streamsGroupTopologyDescriptionUpdateResponse,
} from './93-streams-group-topology-description-update.ts';
import { unregisterControllerRequest, unregisterControllerResponse } from './94-unregister-controller.ts';
/** Which listeners serve an API. */
export type ListenerType = 'broker' | 'controller';

export interface Api<Q extends Message = Message, S extends Message = Message> {
  /** The number in the request header. */
  readonly key: number;
  readonly request: Q;
  readonly response: S;
  /** Versions with a codec. What is older or newer is refused. */
  readonly validVersions: VersionRange;
  /** Versions that ApiVersions tells clients; null where the API is not served. Stable ones only. */
  readonly advertised: VersionRange | null;
  /** The newest version may still change: it is served where unstable versions are enabled. */
  readonly latestVersionUnstable: boolean;
  readonly listeners: readonly ListenerType[];
  /** Only for brokers and controllers: needs ClusterAction on the cluster. */
  readonly clusterAction: boolean;
  /** A broker passes it on to the controller, in an Envelope. */
  readonly forwardable: boolean;
}

interface Traits {
  readonly clusterAction?: true;
  readonly forwardable?: true;
}

function api<Q extends Message, S extends Message>(
  key: number,
  request: Q,
  response: S,
  advertised: VersionRange | null,
  listeners: readonly ListenerType[],
  traits: Traits = {},
): Api<Q, S> {
  return {
    key,
    request,
    response,
    validVersions: request.versions,
    advertised,
    latestVersionUnstable: request.declaration.latestVersionUnstable === true,
    listeners,
    clusterAction: traits.clusterAction === true,
    forwardable: traits.forwardable === true,
  };
}

const NOT_SERVED = null;

export const APIS = {
  // Advertised from 0 though served from 3: librdkafka before 2.11 takes a higher minimum for a broker without compression.
  Produce: api(0, produceRequest, produceResponse, { min: 0, max: 13 }, ['broker']),
  Fetch: api(1, fetchRequest, fetchResponse, { min: 4, max: 18 }, ['broker', 'controller']),
  ListOffsets: api(2, listOffsetsRequest, listOffsetsResponse, { min: 1, max: 11 }, ['broker']),
  Metadata: api(3, metadataRequest, metadataResponse, { min: 0, max: 13 }, ['broker']),
  LeaderAndIsr: api(4, leaderAndIsrRequest, leaderAndIsrResponse, NOT_SERVED, [], { clusterAction: true }),
  StopReplica: api(5, stopReplicaRequest, stopReplicaResponse, NOT_SERVED, [], { clusterAction: true }),
  UpdateMetadata: api(6, updateMetadataRequest, updateMetadataResponse, NOT_SERVED, [], { clusterAction: true }),
  ControlledShutdown: api(7, controlledShutdownRequest, controlledShutdownResponse, NOT_SERVED, [], {
    clusterAction: true,
  }),
  OffsetCommit: api(8, offsetCommitRequest, offsetCommitResponse, { min: 2, max: 10 }, ['broker']),
  OffsetFetch: api(9, offsetFetchRequest, offsetFetchResponse, { min: 1, max: 10 }, ['broker']),
  FindCoordinator: api(10, findCoordinatorRequest, findCoordinatorResponse, { min: 0, max: 6 }, ['broker']),
  JoinGroup: api(11, joinGroupRequest, joinGroupResponse, { min: 0, max: 9 }, ['broker']),
  Heartbeat: api(12, heartbeatRequest, heartbeatResponse, { min: 0, max: 4 }, ['broker']),
  LeaveGroup: api(13, leaveGroupRequest, leaveGroupResponse, { min: 0, max: 5 }, ['broker']),
  SyncGroup: api(14, syncGroupRequest, syncGroupResponse, { min: 0, max: 5 }, ['broker']),
  DescribeGroups: api(15, describeGroupsRequest, describeGroupsResponse, { min: 0, max: 6 }, ['broker']),
  ListGroups: api(16, listGroupsRequest, listGroupsResponse, { min: 0, max: 5 }, ['broker']),
  SaslHandshake: api(17, saslHandshakeRequest, saslHandshakeResponse, { min: 0, max: 1 }, ['broker', 'controller']),
  ApiVersions: api(18, apiVersionsRequest, apiVersionsResponse, { min: 0, max: 5 }, ['broker', 'controller']),
  CreateTopics: api(19, createTopicsRequest, createTopicsResponse, { min: 2, max: 7 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  DeleteTopics: api(20, deleteTopicsRequest, deleteTopicsResponse, { min: 1, max: 6 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  DeleteRecords: api(21, deleteRecordsRequest, deleteRecordsResponse, { min: 0, max: 2 }, ['broker']),
  InitProducerId: api(22, initProducerIdRequest, initProducerIdResponse, { min: 0, max: 5 }, ['broker']),
  OffsetForLeaderEpoch: api(23, offsetForLeaderEpochRequest, offsetForLeaderEpochResponse, { min: 2, max: 4 }, [
    'broker',
  ]),
  AddPartitionsToTxn: api(24, addPartitionsToTxnRequest, addPartitionsToTxnResponse, { min: 0, max: 5 }, ['broker']),
  AddOffsetsToTxn: api(25, addOffsetsToTxnRequest, addOffsetsToTxnResponse, { min: 0, max: 4 }, ['broker']),
  EndTxn: api(26, endTxnRequest, endTxnResponse, { min: 0, max: 5 }, ['broker']),
  WriteTxnMarkers: api(27, writeTxnMarkersRequest, writeTxnMarkersResponse, { min: 1, max: 2 }, ['broker'], {
    clusterAction: true,
  }),
  TxnOffsetCommit: api(28, txnOffsetCommitRequest, txnOffsetCommitResponse, { min: 0, max: 6 }, ['broker']),
  DescribeAcls: api(29, describeAclsRequest, describeAclsResponse, { min: 1, max: 3 }, ['broker', 'controller']),
  CreateAcls: api(30, createAclsRequest, createAclsResponse, { min: 1, max: 3 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  DeleteAcls: api(31, deleteAclsRequest, deleteAclsResponse, { min: 1, max: 3 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  DescribeConfigs: api(32, describeConfigsRequest, describeConfigsResponse, { min: 1, max: 4 }, [
    'broker',
    'controller',
  ]),
  AlterConfigs: api(33, alterConfigsRequest, alterConfigsResponse, { min: 0, max: 2 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  AlterReplicaLogDirs: api(34, alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, { min: 1, max: 2 }, ['broker']),
  DescribeLogDirs: api(35, describeLogDirsRequest, describeLogDirsResponse, { min: 1, max: 5 }, ['broker']),
  SaslAuthenticate: api(36, saslAuthenticateRequest, saslAuthenticateResponse, { min: 0, max: 2 }, [
    'broker',
    'controller',
  ]),
  CreatePartitions: api(
    37,
    createPartitionsRequest,
    createPartitionsResponse,
    { min: 0, max: 3 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  CreateDelegationToken: api(
    38,
    createDelegationTokenRequest,
    createDelegationTokenResponse,
    { min: 1, max: 3 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  RenewDelegationToken: api(
    39,
    renewDelegationTokenRequest,
    renewDelegationTokenResponse,
    { min: 1, max: 2 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  ExpireDelegationToken: api(
    40,
    expireDelegationTokenRequest,
    expireDelegationTokenResponse,
    { min: 1, max: 2 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  DescribeDelegationToken: api(
    41,
    describeDelegationTokenRequest,
    describeDelegationTokenResponse,
    { min: 1, max: 3 },
    ['broker', 'controller'],
  ),
  DeleteGroups: api(42, deleteGroupsRequest, deleteGroupsResponse, { min: 0, max: 3 }, ['broker']),
  ElectLeaders: api(43, electLeadersRequest, electLeadersResponse, { min: 0, max: 2 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  IncrementalAlterConfigs: api(
    44,
    incrementalAlterConfigsRequest,
    incrementalAlterConfigsResponse,
    { min: 0, max: 1 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  AlterPartitionReassignments: api(
    45,
    alterPartitionReassignmentsRequest,
    alterPartitionReassignmentsResponse,
    { min: 0, max: 1 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  ListPartitionReassignments: api(
    46,
    listPartitionReassignmentsRequest,
    listPartitionReassignmentsResponse,
    { min: 0, max: 0 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  OffsetDelete: api(47, offsetDeleteRequest, offsetDeleteResponse, { min: 0, max: 0 }, ['broker']),
  DescribeClientQuotas: api(48, describeClientQuotasRequest, describeClientQuotasResponse, { min: 0, max: 1 }, [
    'broker',
  ]),
  AlterClientQuotas: api(
    49,
    alterClientQuotasRequest,
    alterClientQuotasResponse,
    { min: 0, max: 1 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  DescribeUserScramCredentials: api(
    50,
    describeUserScramCredentialsRequest,
    describeUserScramCredentialsResponse,
    { min: 0, max: 0 },
    ['broker', 'controller'],
  ),
  AlterUserScramCredentials: api(
    51,
    alterUserScramCredentialsRequest,
    alterUserScramCredentialsResponse,
    { min: 0, max: 0 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  Vote: api(52, voteRequest, voteResponse, { min: 0, max: 2 }, ['controller'], { clusterAction: true }),
  BeginQuorumEpoch: api(53, beginQuorumEpochRequest, beginQuorumEpochResponse, { min: 0, max: 1 }, ['controller'], {
    clusterAction: true,
  }),
  EndQuorumEpoch: api(54, endQuorumEpochRequest, endQuorumEpochResponse, { min: 0, max: 1 }, ['controller'], {
    clusterAction: true,
  }),
  DescribeQuorum: api(55, describeQuorumRequest, describeQuorumResponse, { min: 0, max: 2 }, ['broker', 'controller'], {
    clusterAction: true,
    forwardable: true,
  }),
  AlterPartition: api(56, alterPartitionRequest, alterPartitionResponse, { min: 2, max: 3 }, ['controller'], {
    clusterAction: true,
  }),
  UpdateFeatures: api(57, updateFeaturesRequest, updateFeaturesResponse, { min: 0, max: 2 }, ['broker', 'controller'], {
    clusterAction: true,
    forwardable: true,
  }),
  Envelope: api(58, envelopeRequest, envelopeResponse, { min: 0, max: 0 }, ['controller'], { clusterAction: true }),
  FetchSnapshot: api(59, fetchSnapshotRequest, fetchSnapshotResponse, { min: 0, max: 1 }, ['controller']),
  DescribeCluster: api(60, describeClusterRequest, describeClusterResponse, { min: 0, max: 2 }, [
    'broker',
    'controller',
  ]),
  DescribeProducers: api(61, describeProducersRequest, describeProducersResponse, { min: 0, max: 0 }, ['broker']),
  BrokerRegistration: api(
    62,
    brokerRegistrationRequest,
    brokerRegistrationResponse,
    { min: 0, max: 4 },
    ['controller'],
    { clusterAction: true },
  ),
  BrokerHeartbeat: api(63, brokerHeartbeatRequest, brokerHeartbeatResponse, { min: 0, max: 2 }, ['controller'], {
    clusterAction: true,
  }),
  UnregisterBroker: api(
    64,
    unregisterBrokerRequest,
    unregisterBrokerResponse,
    { min: 0, max: 0 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  DescribeTransactions: api(65, describeTransactionsRequest, describeTransactionsResponse, { min: 0, max: 0 }, [
    'broker',
  ]),
  ListTransactions: api(66, listTransactionsRequest, listTransactionsResponse, { min: 0, max: 2 }, ['broker']),
  AllocateProducerIds: api(
    67,
    allocateProducerIdsRequest,
    allocateProducerIdsResponse,
    { min: 0, max: 0 },
    ['controller'],
    { clusterAction: true, forwardable: true },
  ),
  ConsumerGroupHeartbeat: api(68, consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse, { min: 0, max: 1 }, [
    'broker',
  ]),
  ConsumerGroupDescribe: api(69, consumerGroupDescribeRequest, consumerGroupDescribeResponse, { min: 0, max: 1 }, [
    'broker',
  ]),
  ControllerRegistration: api(70, controllerRegistrationRequest, controllerRegistrationResponse, { min: 0, max: 0 }, [
    'controller',
  ]),
  GetTelemetrySubscriptions: api(
    71,
    getTelemetrySubscriptionsRequest,
    getTelemetrySubscriptionsResponse,
    { min: 0, max: 0 },
    ['broker'],
  ),
  PushTelemetry: api(72, pushTelemetryRequest, pushTelemetryResponse, { min: 0, max: 0 }, ['broker']),
  AssignReplicasToDirs: api(73, assignReplicasToDirsRequest, assignReplicasToDirsResponse, { min: 0, max: 0 }, [
    'controller',
  ]),
  ListConfigResources: api(74, listConfigResourcesRequest, listConfigResourcesResponse, { min: 0, max: 1 }, ['broker']),
  DescribeTopicPartitions: api(
    75,
    describeTopicPartitionsRequest,
    describeTopicPartitionsResponse,
    { min: 0, max: 0 },
    ['broker'],
  ),
  ShareGroupHeartbeat: api(76, shareGroupHeartbeatRequest, shareGroupHeartbeatResponse, { min: 1, max: 1 }, ['broker']),
  ShareGroupDescribe: api(77, shareGroupDescribeRequest, shareGroupDescribeResponse, { min: 1, max: 1 }, ['broker']),
  ShareFetch: api(78, shareFetchRequest, shareFetchResponse, { min: 1, max: 2 }, ['broker']),
  ShareAcknowledge: api(79, shareAcknowledgeRequest, shareAcknowledgeResponse, { min: 1, max: 2 }, ['broker']),
  AddRaftVoter: api(80, addRaftVoterRequest, addRaftVoterResponse, { min: 0, max: 1 }, ['broker', 'controller'], {
    forwardable: true,
  }),
  RemoveRaftVoter: api(
    81,
    removeRaftVoterRequest,
    removeRaftVoterResponse,
    { min: 0, max: 0 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
  UpdateRaftVoter: api(82, updateRaftVoterRequest, updateRaftVoterResponse, { min: 0, max: 0 }, ['controller']),
  InitializeShareGroupState: api(
    83,
    initializeShareGroupStateRequest,
    initializeShareGroupStateResponse,
    { min: 0, max: 0 },
    ['broker'],
    { clusterAction: true },
  ),
  ReadShareGroupState: api(
    84,
    readShareGroupStateRequest,
    readShareGroupStateResponse,
    { min: 0, max: 0 },
    ['broker'],
    { clusterAction: true },
  ),
  WriteShareGroupState: api(
    85,
    writeShareGroupStateRequest,
    writeShareGroupStateResponse,
    { min: 0, max: 1 },
    ['broker'],
    { clusterAction: true },
  ),
  DeleteShareGroupState: api(
    86,
    deleteShareGroupStateRequest,
    deleteShareGroupStateResponse,
    { min: 0, max: 0 },
    ['broker'],
    { clusterAction: true },
  ),
  ReadShareGroupStateSummary: api(
    87,
    readShareGroupStateSummaryRequest,
    readShareGroupStateSummaryResponse,
    { min: 0, max: 1 },
    ['broker'],
    { clusterAction: true },
  ),
  StreamsGroupHeartbeat: api(88, streamsGroupHeartbeatRequest, streamsGroupHeartbeatResponse, { min: 0, max: 1 }, [
    'broker',
  ]),
  StreamsGroupDescribe: api(89, streamsGroupDescribeRequest, streamsGroupDescribeResponse, { min: 0, max: 1 }, [
    'broker',
  ]),
  DescribeShareGroupOffsets: api(
    90,
    describeShareGroupOffsetsRequest,
    describeShareGroupOffsetsResponse,
    { min: 0, max: 1 },
    ['broker'],
  ),
  AlterShareGroupOffsets: api(91, alterShareGroupOffsetsRequest, alterShareGroupOffsetsResponse, { min: 0, max: 0 }, [
    'broker',
  ]),
  DeleteShareGroupOffsets: api(
    92,
    deleteShareGroupOffsetsRequest,
    deleteShareGroupOffsetsResponse,
    { min: 0, max: 0 },
    ['broker'],
  ),
  StreamsGroupTopologyDescriptionUpdate: api(
    93,
    streamsGroupTopologyDescriptionUpdateRequest,
    streamsGroupTopologyDescriptionUpdateResponse,
    { min: 0, max: 0 },
    ['broker'],
  ),
  UnregisterController: api(
    94,
    unregisterControllerRequest,
    unregisterControllerResponse,
    { min: 0, max: 0 },
    ['broker', 'controller'],
    { forwardable: true },
  ),
} as const;

export type ApiName = keyof typeof APIS;

/** What a handler is given. */
export type RequestOf<N extends ApiName> = Decoded<(typeof APIS)[N]['request']>;
/** What a handler answers. */
export type ResponseOf<N extends ApiName> = Input<(typeof APIS)[N]['response']>;
/** What a client sends. */
export type RequestInputOf<N extends ApiName> = Input<(typeof APIS)[N]['request']>;
/** What a client receives. */
export type DecodedResponseOf<N extends ApiName> = Decoded<(typeof APIS)[N]['response']>;

/** In the order of their keys. */
export const API_NAMES: readonly ApiName[] = Object.keys(APIS) as ApiName[];

/** Null for a key that no API has. */
export function apiNameOfKey(key: number): ApiName | null {
  return API_NAMES[key] ?? null;
}

/** The row, with the types of its messages forgotten: for code that treats every API the same. */
export function apiOf(name: ApiName): Api {
  return APIS[name];
}

/** Whether a request of this version has a codec. */
export function isVersionSupported(name: ApiName, version: number): boolean {
  return includes(APIS[name].validVersions, version);
}

/** Request header version 2 has tagged fields, version 1 has not; any version of a known API has one, supported or not. */
export function requestHeaderVersion(name: ApiName, version: number): 1 | 2 {
  return APIS[name].request.isFlexible(version) ? 2 : 1;
}

/**
 * Response header version 1 has tagged fields, version 0 has not. That of ApiVersions never has: the client does not know yet
 * what the broker speaks (KIP-511).
 */
export function responseHeaderVersion(name: ApiName, version: number): 0 | 1 {
  return name !== 'ApiVersions' && APIS[name].response.isFlexible(version) ? 1 : 0;
}
