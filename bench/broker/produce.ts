/**
 * Produce runs: prepared requests from a few connections, each with several on the way, as fast as they are answered or at a fixed rate.
 * Every answer is looked at (correlation id, error code); what was acknowledged is counted by batch, so that `verify` can ask for it.
 */
import { type Batch, CORRELATION_ID, produceErrorOffset, produceRequest } from './batches.ts';
import { type Address, Connection } from './wire.ts';

export interface ProduceRun {
  readonly topic: string;
  readonly partitions: number;
  readonly batches: readonly Batch[];
  readonly connections: number;
  readonly inFlight: number;
  /** The run ends after so many requests. */
  readonly requests: number;
  /** Requests a second in all; 0: as fast as they are answered. */
  readonly rate: number;
}

export interface Produced {
  readonly requests: number;
  readonly bytes: number;
  readonly uncompressedBytes: number;
  readonly seconds: number;
  /** Milliseconds from write to answer, sorted; of runs with a rate. */
  readonly latencies: Float64Array;
  /** Batch checksum → how often it was acknowledged. */
  readonly acknowledged: ReadonlyMap<number, number>;
}

interface Slot {
  readonly request: Buffer;
  readonly batch: Batch;
  sentAt: number;
}

const ANSWER_LIMIT = 1024;

/** Answers come in the order of the requests: the slots on the way are a queue. */
class Lane {
  readonly connection: Connection;
  readonly free: Slot[];
  readonly onTheWay: Slot[] = [];
  #answer = Buffer.alloc(ANSWER_LIMIT);
  #have = 0;
  #sent = 0;
  #answered = 0;
  readonly #errorOffset: number;
  readonly #done: (slot: Slot) => void;

  constructor(connection: Connection, slots: Slot[], topic: string, done: (slot: Slot) => void) {
    this.connection = connection;
    this.free = slots;
    this.#errorOffset = produceErrorOffset(topic);
    this.#done = done;
    connection.stream((bytes, size) => this.#take(bytes, size));
  }

  send(): void {
    const slot = this.free.shift() as Slot;
    slot.request.writeInt32BE(this.#sent++, CORRELATION_ID);
    slot.sentAt = performance.now();
    this.onTheWay.push(slot);
    this.connection.socket.write(slot.request);
  }

  #take(bytes: Buffer, size: number): void {
    for (let at = 0; at < size; ) {
      const wanted = this.#have < 4 ? 4 : 4 + this.#answer.readInt32BE(0);
      if (wanted > ANSWER_LIMIT) throw new Error(`an answer of ${wanted} bytes to a Produce`);
      const used = Math.min(wanted - this.#have, size - at);
      bytes.copy(this.#answer, this.#have, at, at + used);
      this.#have += used;
      at += used;
      if (this.#have < wanted || wanted === 4) continue;
      this.#have = 0;
      this.#check();
    }
  }

  #check(): void {
    const id = this.#answer.readInt32BE(4);
    const error = this.#answer.readInt16BE(this.#errorOffset);
    if (id !== this.#answered++) throw new Error(`answer ${id} came where ${this.#answered - 1} was due`);
    if (error !== 0) throw new Error(`a Produce was answered with error ${error}`);
    const slot = this.onTheWay.shift() as Slot;
    this.free.push(slot);
    this.#done(slot);
  }
}

export async function produce(address: Address, run: ProduceRun): Promise<Produced> {
  const lanes: Lane[] = [];
  const acknowledged = new Map<number, number>();
  const latencies = new Float64Array(run.rate > 0 ? run.requests : 0);
  let sent = 0;
  let answered = 0;
  let bytes = 0;
  let uncompressedBytes = 0;
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const slotOf = (turn: number, place = turn): Slot => {
    const batch = run.batches[turn % run.batches.length] as Batch;
    return { request: produceRequest(run.topic, place % run.partitions, batch), batch, sentAt: 0 };
  };
  const more = (lane: Lane): void => {
    if (run.rate > 0 || sent >= run.requests) return;
    sent++;
    lane.send();
  };
  for (let index = 0; index < run.connections; index++) {
    const connection = await Connection.open(address);
    connection.onFailure = reject;
    // Neighbouring connections and neighbouring partitions belong to different shards: by pairs, as else all that a shard receives would be its
    // own, or nothing of it, as the topic's id has it.
    const place = index >> 1;
    const slots = Array.from({ length: run.inFlight }, (_, at) => slotOf(index * run.inFlight + at, place + at));
    const lane: Lane = new Lane(connection, slots, run.topic, ({ batch, sentAt }) => {
      acknowledged.set(batch.crc, (acknowledged.get(batch.crc) ?? 0) + 1);
      bytes += batch.bytes.length;
      uncompressedBytes += batch.uncompressed;
      if (run.rate > 0) latencies[answered] = performance.now() - sentAt;
      if (++answered === run.requests) resolve();
      else more(lane);
    });
    lanes.push(lane);
  }
  const start = performance.now();
  if (run.rate > 0) {
    let turn = 0;
    const tick = (): void => {
      const due = Math.min(run.requests, Math.ceil(((performance.now() - start) / 1000) * run.rate));
      for (; sent < due; sent++) {
        const lane = lanes[turn++ % lanes.length] as Lane;
        if (lane.free.length === 0) lane.free.push(slotOf(turn));
        lane.send();
      }
      if (sent < run.requests) setTimeout(tick, 1);
    };
    tick();
  } else {
    for (const lane of lanes) for (let i = 0; i < run.inFlight; i++) more(lane);
  }
  try {
    await finished;
  } finally {
    for (const { connection } of lanes) connection.close();
  }
  const seconds = (performance.now() - start) / 1000;
  return { requests: answered, bytes, uncompressedBytes, seconds, latencies: latencies.sort(), acknowledged };
}
