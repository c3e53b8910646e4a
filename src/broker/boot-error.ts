/** Why a start or a running broker cannot go on, for the operator. */

/** A start that cannot go on: the message is for whoever started the broker, no stack is shown. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

/** A running broker that cannot go on: the process ends with this reason, and no stack is shown. */
export class EndError extends Error {
  override readonly name = 'EndError';

  constructor(reason: string) {
    super(reason);
    // What crosses to the main thread is the error's stack, not its class.
    this.stack = '';
  }
}
