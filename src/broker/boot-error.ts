/** A start that cannot go on: the message is for whoever started the broker, no stack is shown. */
export class BootError extends Error {
  override readonly name = 'BootError';
}
