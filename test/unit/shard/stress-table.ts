/** The messages of the stress run, and what its threads are told and tell. */
import { call, f64, i32, type MessageTable, note, payload } from '../../../src/shard/message-kit.ts';
import type { SharedBlock } from '../../../src/shard/shared-block.ts';

export const stressTable = {
  /** `sequence` counts the messages from one thread to another; `metadata` is the sender's offset. */
  work: call({
    lane: 'partition',
    to: ['control', 'shard'],
    consumes: true,
    request: { sequence: i32, metadata: f64, body: payload },
    answer: { sequence: i32, metadata: f64, body: payload },
  }),
  tick: note({ lane: 'partition', to: ['control', 'shard'], fields: { sequence: i32, metadata: f64, body: payload } }),
  delta: call({
    lane: 'metadata',
    to: ['shard'],
    waitsForMetadata: false,
    request: { offset: f64 },
    answer: { offset: f64 },
  }),
} as const satisfies MessageTable;

export interface StressData {
  readonly block: SharedBlock;
  readonly self: number;
  readonly seed: number;
  /** Messages from each thread to each other thread. */
  readonly messages: number;
}

export interface StressReport {
  readonly self: number;
  /** What stayed behind; all zero after a good run. */
  readonly chargedBytes: number;
  readonly callsInFlight: number;
  readonly waiting: number;
  /** That the run met what it was made for. */
  readonly refused: number;
  readonly held: number;
  readonly wakeUps: number;
  readonly received: number;
  readonly metadataOffset: number;
}

/** The words of the coordination: how many threads have received everything. */
