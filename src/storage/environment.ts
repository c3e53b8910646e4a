/** What the logs of one thread share: the ports, the descriptors, the staging memory, the indexes that were loaded. */
import type { Clock } from '../port/clock.ts';
import type { Disk, DiskFault } from '../port/disk.ts';
import type { Logger } from '../port/log.ts';
import type { BatchFunctions } from '../port/native.ts';
import type { Random } from '../port/random.ts';
import type { DescriptorCache } from './descriptors.ts';
import { CareLimit } from './care-limit.ts';
import { IndexCache } from './index-cache.ts';
import type { LogState } from './log-state.ts';
import type { RecordAnswer, RecordQuestion } from './records.ts';
import { Staging } from './staging.ts';

export interface LogPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly native: BatchFunctions;
  readonly descriptors: DescriptorCache;
  /** Looks through a batch of which more than 1 MiB comes out in the background pool. Without it that is done on this thread. */
  readonly findLarge?: (question: RecordQuestion) => Promise<RecordAnswer>;
  /** A file operation of this log failed: its memory is of no more use, and its directory goes offline. Called once a log. */
  readonly onFailed: (log: LogState, fault: DiskFault) => void;
}

export interface LogEnvironment extends LogPorts {
  readonly staging: Staging;
  readonly indexes: IndexCache;
  readonly careLimit: CareLimit;
}

/** One a thread. */
export function createLogEnvironment(ports: LogPorts): LogEnvironment {
  return { ...ports, staging: new Staging(ports.clock), indexes: new IndexCache(), careLimit: new CareLimit() };
}
