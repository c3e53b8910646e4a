/** What clients have seen cannot all be true of one broker that keeps its promises. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
