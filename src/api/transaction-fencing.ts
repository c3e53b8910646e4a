/** PRODUCER_FENCED is of KIP-588; clients before version 2 of the APIs of a transaction know INVALID_PRODUCER_EPOCH instead. */
import { ERRORS } from '../protocol/errors.ts';

const FIRST_WITH_FENCED = 2;

export function fencedCode(errorCode: number, version: number): number {
  return errorCode === ERRORS.PRODUCER_FENCED && version < FIRST_WITH_FENCED
    ? ERRORS.INVALID_PRODUCER_EPOCH
    : errorCode;
}
