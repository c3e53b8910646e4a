/** Chance as an argument: the kernel's in host/, a seeded generator in the simulator and in tests. */
export interface Random {
  /** `size` random bytes. */
  bytes(size: number): Buffer;
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
}
