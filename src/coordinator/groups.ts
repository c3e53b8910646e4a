/**
 * The coordinator of the groups of one partition of `__consumer_offsets`: the machine (machine/group), the runtime around it, and its log.
 * One a partition, on the thread that owns it.
 */
import { uuidFromRandom, uuidToText } from '../base/uuid.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { GroupAnswer, GroupEvent } from '../machine/group/decision.ts';
import { GroupMachine } from '../machine/group/machine.ts';
import type { GroupRecord } from '../machine/group/records.ts';
import type { MetadataImage } from '../machine/image/image.ts';
import type { Random } from '../port/random.ts';
import type { TransactionMarker } from '../protocol/transaction-marker.ts';
import { clientCode, type CoordinatorResult, markerCode } from './answers.ts';
import type { CoordinatorPartition } from './coordinator-log.ts';
import { HostedMachine, type HostPorts } from './hosted-machine.ts';
import { groupCodec } from './record-codec.ts';

export interface GroupParts extends HostPorts {
  readonly config: BrokerConfig;
  readonly image: MetadataImage;
  readonly random: Random;
}

export type GroupResult = CoordinatorResult<GroupAnswer>;

function randomUuid(random: Random): string {
  for (;;) {
    const uuid = uuidFromRandom(random.bytes(16));
    if (uuid !== null) return uuidToText(uuid);
  }
}

export class GroupCoordinator extends HostedMachine<GroupEvent, GroupRecord, GroupAnswer> {
  /** For tests: what was replayed. */
  readonly machine: GroupMachine;

  constructor(parts: GroupParts, partition: CoordinatorPartition) {
    const { config, image, random } = parts;
    const { values } = config;
    const machine = new GroupMachine({ config, partition: partition.partition });
    const uuid = (): string => randomUuid(random);
    super(parts, partition, {
      what: 'Groups',
      began: { kind: 'began' },
      codec: groupCodec,
      compression: values['offsets.topic.compression.codec'],
      loadBufferBytes: values['offsets.load.buffer.size'],
      lingerMs: values['group.coordinator.append.linger.ms'],
      timeoutMs: values['offsets.commit.timeout.ms'],
      machine: {
        decide(event, context) {
          const errorCode = context.errorCode === 0 ? 0 : clientCode(context.errorCode);
          return machine.decide(event, { ...context, errorCode, image, uuid });
        },
        query: (event, committed, { now }) => machine.query(event, committed, { now, image }),
        replay: (record, offset, epoch, producer) => machine.replay(record, offset, epoch, producer),
        endTransaction: (producerId, producerEpoch, commit, offset) =>
          machine.endTransaction(producerId, producerEpoch, commit, offset),
        commit: (endOffset) => machine.commit(endOffset),
        revert: (endOffset) => machine.revert(endOffset),
      },
    });
    this.machine = machine;
  }

  /**
   * Ends a producer's transaction here, behind what was submitted before; `done` is called once, with NONE when the marker is committed, else
   * with a code of Kafka's.
   */
  endTransaction(marker: TransactionMarker, done: (errorCode: number) => void): void {
    this.runtime.endTransaction(marker, (outcome) => done(markerCode(outcome)));
  }

  /** Whether a marker of this producer was taken that the log does not know yet. */
  isEnding(producerId: number): boolean {
    return this.runtime.isEnding(producerId);
  }
}
