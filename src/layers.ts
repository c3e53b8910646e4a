/**
 * Which folder may import which, and how far from the machine it stands. test/tidy holds the tree to this table; where the code
 * finds a better line, the table, the tour and the code move together.
 */

/** pure: no promise, clock, chance or `node:` import. ported: waits, but on port/ only. host: implements the ports. */
export type Distance = 'pure' | 'types' | 'ported' | 'host';

export interface Layer {
  readonly distance: Distance;
  /** Folders (or single files, without the ending) that it may import. Its own folder always. */
  readonly may: readonly string[];
  /** What its code must not know; a sentence for readers. */
  readonly mustNotKnow: string;
}

export const LAYERS: Readonly<Record<string, Layer>> = {
  base: { distance: 'pure', may: [], mustNotKnow: 'Kafka' },
  protocol: { distance: 'pure', may: ['base'], mustNotKnow: 'that there are sockets, files, topics that exist' },
  config: { distance: 'pure', may: ['base', 'protocol'], mustNotKnow: 'where a value came from at run time' },
  port: { distance: 'types', may: ['base', 'protocol'], mustNotKnow: 'how it is done' },
  machine: {
    distance: 'pure',
    may: ['base', 'protocol', 'config'],
    mustNotKnow: 'time, threads, promises, addresses, that its records are stored',
  },
  storage: {
    distance: 'ported',
    may: ['base', 'protocol', 'config', 'port'],
    mustNotKnow: 'leaders, ISR, groups, ACLs, what a record means',
  },
  coordinator: {
    distance: 'ported',
    may: ['base', 'protocol', 'config', 'port', 'machine', 'storage'],
    mustNotKnow: 'what the machine decides',
  },
  client: { distance: 'ported', may: ['base', 'protocol', 'port'], mustNotKnow: 'who uses it' },
  shard: {
    distance: 'ported',
    may: ['base', 'protocol', 'config', 'port', 'machine', 'storage', 'coordinator', 'client'],
    mustNotKnow: 'connections, principals, API versions',
  },
  api: {
    distance: 'ported',
    may: ['base', 'protocol', 'config', 'machine/image', 'machine/security', 'shard/messages'],
    mustNotKnow: 'which thread owns what, rings, file names',
  },
  network: {
    distance: 'ported',
    may: ['base', 'protocol', 'config', 'port', 'machine/security', 'machine/quota', 'api'],
    mustNotKnow: 'what any API does',
  },
  broker: {
    distance: 'ported',
    may: [
      'base',
      'protocol',
      'config',
      'port',
      'machine',
      'storage',
      'coordinator',
      'client',
      'shard',
      'api',
      'network',
    ],
    mustNotKnow: 'Node',
  },
  host: { distance: 'host', may: ['base', 'port'], mustNotKnow: 'Kafka' },
  admin: {
    distance: 'host',
    may: ['base', 'protocol', 'config', 'port', 'machine', 'storage', 'client', 'broker', 'host', 'main'],
    mustNotKnow: 'the inside of a running broker',
  },
};

/** Thread entries and the build script: they stand in src/ itself, count as host, and may import everything. */
export const ENTRIES: readonly string[] = ['main', 'shard-main', 'control-main', 'background-main', 'build', 'layers'];

/** Libraries and the only folders that may import them. */
export const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  pino: ['host', 'admin'],
  commander: ['host', 'admin'],
  piscina: ['host', 'admin'],
  re2js: ['machine'],
  snappy: ['host'],
  'lz4-napi': ['host'],
  'zstd-napi': ['host'],
  '@node-rs/crc32': ['host'],
  esbuild: ['build'],
};
