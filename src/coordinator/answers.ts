/** What all coordinators over a partition do with a decision that met a bug, and with why there is no answer. */
import type { Logger } from '../port/log.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { RuntimeOutcome } from './contract.ts';

export type CoordinatorResult<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly errorCode: number };

/** In the place of an answer: deciding met a bug. */
export const FAULT: unique symbol = Symbol('fault');

interface FaultPorts {
  readonly log: Logger;
  /** An exception while deciding: whoever asked is answered UNKNOWN_SERVER_ERROR. */
  readonly onFault: (error: unknown) => void;
}

/** A decision that throws has changed nothing that is replayed. `kind`: of the event. */
export function guarded<D>(
  { log, onFault }: FaultPorts,
  kind: string,
  decide: () => D,
): D | { readonly records: []; readonly answer: typeof FAULT } {
  try {
    return decide();
  } catch (error) {
    log.error('A coordinator met a bug', { event: kind, error: stackOf(error) });
    onFault(error);
    return { records: [], answer: FAULT };
  }
}

export function resultOf<Answer>(outcome: RuntimeOutcome<Answer | typeof FAULT>): CoordinatorResult<Answer> {
  if (!outcome.ok) return { ok: false, errorCode: clientCode(codeOf(outcome)) };
  if (outcome.answer === FAULT) return { ok: false, errorCode: ERRORS.UNKNOWN_SERVER_ERROR };
  return { ok: true, answer: outcome.answer };
}

/** What became of a marker, for the coordinator of the transaction: it knows logs, and is told what this one said. */
export function markerCode(outcome: RuntimeOutcome<null>): number {
  return outcome.ok ? ERRORS.NONE : codeOf(outcome);
}

function codeOf({ error, errorCode }: RuntimeOutcome<never> & { readonly ok: false }): number {
  switch (error) {
    case 'loading':
      return ERRORS.COORDINATOR_LOAD_IN_PROGRESS;
    case 'stopped':
    case 'failed':
      return ERRORS.NOT_COORDINATOR;
    case 'overloaded':
      return ERRORS.COORDINATOR_NOT_AVAILABLE;
    case 'timed-out':
      return ERRORS.REQUEST_TIMED_OUT;
    case 'refused':
      return errorCode ?? ERRORS.UNKNOWN_SERVER_ERROR;
  }
}

/** What a client is told where the log answered so (as Kafka's GroupCoordinatorService): it knows nothing of that log. */
export function clientCode(errorCode: number): number {
  switch (errorCode) {
    case ERRORS.UNKNOWN_TOPIC_OR_PARTITION:
    case ERRORS.NOT_ENOUGH_REPLICAS:
    case ERRORS.REQUEST_TIMED_OUT:
      return ERRORS.COORDINATOR_NOT_AVAILABLE;
    case ERRORS.NOT_LEADER_OR_FOLLOWER:
    case ERRORS.KAFKA_STORAGE_ERROR:
      return ERRORS.NOT_COORDINATOR;
    case ERRORS.MESSAGE_TOO_LARGE:
    case ERRORS.RECORD_LIST_TOO_LARGE:
    case ERRORS.INVALID_FETCH_SIZE:
      return ERRORS.UNKNOWN_SERVER_ERROR;
    default:
      return errorCode;
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
