/** How much of a log with transactions a reader sees (KIP-98): everything, or what is committed. */
export function isIsolationLevel(level: number): boolean {
  return level === 0 || level === 1;
}
