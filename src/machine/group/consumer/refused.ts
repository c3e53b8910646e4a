/** What a group refuses, as a value: Kafka's code and the text that goes with it. */
import { ERRORS, type ErrorName } from '../../../protocol/errors.ts';

export class Refused {
  readonly errorCode: number;
  readonly message: string;

  constructor(errorCode: number, message: string) {
    this.errorCode = errorCode;
    this.message = message;
  }
}

export function refused(error: ErrorName, message: string): Refused {
  return new Refused(ERRORS[error], message);
}
