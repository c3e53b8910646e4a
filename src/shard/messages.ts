/**
 * Every message between threads, once: who receives it, its lane, its fields. A new message is a row here and a handler in each
 * kind of thread that receives it, which does not compile without one.
 *
 * Error codes are Kafka's (0: none). Offsets are numbers, timestamps bigints of milliseconds. A `payload` is bytes that the two
 * sides agree on: requests and answers in the protocol's encoding, batches of the metadata log.
 *
 * Not sent yet: isrChange.
 */
import {
  bool,
  call,
  descriptor,
  f64,
  i32,
  i64x,
  note,
  nullableText,
  payload,
  text,
  uuid,
  type MessageTable,
} from './message-kit.ts';

/** Longest reason of a failure that travels in a ring, in bytes. */
const REASON_BYTES = 256;

/** A reason as it fits into a message; the end of a long one is left out. */
export function reasonText(reason: string): string {
  const bytes = Buffer.from(reason);
  // Cut inside a character, its beginning becomes one of three bytes.
  return bytes.length <= REASON_BYTES ? reason : bytes.toString('utf8', 0, REASON_BYTES - 3);
}

/** How one partition is named in a message to its owner. */
const partitionFields = { topicId: uuid, partition: i32 } as const;

export const messages = {
  // ── lifecycle: from main

  /** An accepted connection for this shard, which owns the descriptor from now on. */
  connectionHandOver: note({
    lane: 'lifecycle',
    to: ['shard'],
    waitsForMetadata: false,
    fields: { connection: f64, listener: i32, descriptor: i32 },
  }),
  /** A connection is gone; main counts them. */
  connectionClosed: note({ lane: 'leaf', to: ['main'], fields: { connection: f64 } }),
  /** How many connections may be open is set otherwise (KIP-612): Infinity is no limit; the limits of single addresses as JSON. */
  connectionLimits: note({
    lane: 'leaf',
    to: ['main'],
    fields: { total: f64, perAddress: f64, creationRate: f64, perAddressOverrides: payload },
  }),
  /** One step of the stop. Answered when this thread has finished it; main starts the next when all have. */
  shutdownStep: call({
    lane: 'lifecycle',
    to: ['control', 'shard'],
    waitsForMetadata: false,
    request: { step: i32 },
    answer: {},
  }),
  /** The start: control loads the metadata, has the shards open their logs, registers the broker. Answered when clients may come. */
  boot: call({
    lane: 'lifecycle',
    to: ['control'],
    waitsForMetadata: false,
    request: {},
    /** As JSON: what the ready line says, or `error`. */
    answer: { payload },
  }),
  /** Counters of a thread as JSON, for the metrics endpoint. */
  stats: call({
    lane: 'leaf',
    to: ['main', 'control', 'shard'],
    waitsForMetadata: false,
    request: {},
    answer: { stats: payload },
  }),

  // ── forward: a client's request that control decides

  /** A request in its own encoding (without header). The answer likewise, of the same version; sent when every shard has applied the change. */
  control: call({
    lane: 'forward',
    to: ['control'],
    request: { apiKey: i32, apiVersion: i32, timeoutMs: i32, principal: nullableText(512), body: payload },
    answer: { errorCode: i32, body: payload },
  }),

  // ── coordinator

  /**
   * A request for a coordinator that lives on this shard (a CoordinatorCall of shard/coordinator-calls); -1 as partition asks all of them. Its
   * answer is a message of its own: who waits for other members of a group must not hold the space of the ring meanwhile.
   */
  coordinatorCall: note({
    lane: 'coordinator',
    to: ['shard'],
    fields: { call: f64, partition: i32, apiKey: i32, apiVersion: i32, payload },
  }),
  /** The answer, in the version of the request. */
  coordinatorAnswer: note({ lane: 'leaf', to: ['shard'], fields: { call: f64, errorCode: i32, payload } }),

  // ── partition: to its owner

  /**
   * One validated batch for a partition. The bytes lie in the sender's arena and are sealed there in place; `consumed` says that they have
   * been written.
   */
  append: call({
    lane: 'partition',
    to: ['shard'],
    consumes: true,
    request: { ...partitionFields, batch: descriptor, acks: i32 },
    answer: {
      errorCode: i32,
      baseOffset: f64,
      /** -1 where the topic's timestamps are the producers'. */
      logAppendTimeMs: i64x,
      logStartOffset: f64,
    },
  }),
  /**
   * The same with a transactional batch: who asks the coordinator (held-appends) needs the transactional id, the payload, and the place of
   * the mode in VERIFICATION_MODES.
   */
  appendTransactional: call({
    lane: 'partition',
    to: ['shard'],
    consumes: true,
    request: { ...partitionFields, batch: descriptor, acks: i32, mode: i32, payload },
    answer: {
      errorCode: i32,
      baseOffset: f64,
      logAppendTimeMs: i64x,
      logStartOffset: f64,
      errorMessage: nullableText(REASON_BYTES),
    },
  }),
  /** A question about partitions of this shard: `kind` is a number of shard/scatter, the payloads are as shard/owner-calls says. */
  partitionCall: call({
    lane: 'partition',
    to: ['shard'],
    request: { kind: i32, payload },
    answer: { payload },
  }),
  /** Writes a transaction's marker into a partition (shard/markers). Answered when it is committed or refused. */
  transactionMarker: call({
    lane: 'partition',
    to: ['shard'],
    request: {
      ...partitionFields,
      producerId: f64,
      producerEpoch: i32,
      commit: bool,
      coordinatorEpoch: i32,
      transactionVersion: i32,
    },
    answer: { errorCode: i32 },
  }),
  /** A Fetch waits: tell it (`wake`) when one of these partitions has news. One watch a waiting Fetch and owner. */
  watch: note({ lane: 'partition', to: ['shard'], fields: { watch: f64, payload } }),
  unwatch: note({ lane: 'partition', to: ['shard'], fields: { watch: f64 } }),

  // ── replication

  /** The owner of a partition asks for another ISR. Not sent yet. */
  isrChange: call({
    lane: 'replication',
    to: ['control'],
    request: { ...partitionFields, leaderEpoch: i32, partitionEpoch: i32, leaderRecoveryState: i32, isr: payload },
    answer: { errorCode: i32, leaderId: i32, leaderEpoch: i32, partitionEpoch: i32, isr: payload },
  }),

  // ── metadata: control to every shard

  /** Committed batches of the metadata log. Answered when the shard has applied them and its partitions are open. */
  metadataDelta: call({
    lane: 'metadata',
    to: ['shard'],
    waitsForMetadata: false,
    request: {
      /** The last offset in the records. */
      lastOffset: f64,
      /** Whether the records are a snapshot, which replaces everything. */
      isSnapshot: bool,
      records: payload,
    },
    answer: { errorCode: i32, lastOffset: f64 },
  }),

  /** The start: opens (and recovers) the logs of this shard's partitions. Answered when all are open, with a summary as JSON. */
  openLogs: call({
    lane: 'metadata',
    to: ['shard'],
    waitsForMetadata: false,
    request: { payload },
    answer: { payload },
  }),
  /** What control writes into the checkpoint files: a CheckpointResults of shard/owner-calls. */
  checkpoint: call({ lane: 'metadata', to: ['shard'], waitsForMetadata: false, request: {}, answer: { payload } }),

  // ── leaf: never waits for anything

  /** A shard has applied the metadata up to this offset without being asked to answer (replay at the start). */
  metadataApplied: note({ lane: 'leaf', to: ['control'], waitsForMetadata: false, fields: { lastOffset: f64 } }),
  /** A waiting Fetch of the receiver has news from this owner. */
  wake: note({ lane: 'leaf', to: ['shard'], fields: { watch: f64 } }),
  /** A log directory answered with an error of the device: nobody uses it any more. */
  directoryFailed: note({
    lane: 'leaf',
    to: ['control', 'shard'],
    waitsForMetadata: false,
    fields: { directoryId: uuid, reason: text(REASON_BYTES) },
  }),
} as const satisfies MessageTable;

export type Messages = typeof messages;
