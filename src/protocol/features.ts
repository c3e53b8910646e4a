/** The features that this broker supports (KIP-584): levels as in ApiVersions. What does not work yet is not told. */
export const SUPPORTED_FEATURES: readonly {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}[] = [
  { name: 'group.version', minVersion: 0, maxVersion: 1 },
  { name: 'transaction.version', minVersion: 0, maxVersion: 2 },
  { name: 'kraft.version', minVersion: 0, maxVersion: 1 },
  { name: 'metadata.version', minVersion: 7, maxVersion: 33 },
  { name: 'eligible.leader.replicas.version', minVersion: 0, maxVersion: 1 },
];
