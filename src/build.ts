/** Builds dist/: the launcher, which any Node runs, and one file a thread entry with its shared chunks. */

import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, type BuildOptions } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
rmSync('dist', { recursive: true, force: true });

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  outdir: 'dist',
  legalComments: 'none',
  define: { ODRADEK_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
};

await build({
  ...shared,
  entryPoints: {
    command: 'src/admin/odradek.ts',
    main: 'src/main.ts',
    'shard-main': 'src/shard-main.ts',
    'control-main': 'src/control-main.ts',
    'background-main': 'src/background-main.ts',
  },
  format: 'esm',
  target: 'node26',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  // Packages with binaries stay where npm put them.
  external: ['snappy', 'lz4-napi', 'zstd-napi', '@node-rs/crc32', 'piscina'],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});

await build({
  ...shared,
  entryPoints: { odradek: 'src/admin/launcher.ts' },
  format: 'esm',
  target: 'node14',
  banner: { js: '#!/usr/bin/env node' },
});
// The package is of ES modules; what is in dist says for itself what it is.
writeFileSync('dist/package.json', `${JSON.stringify({ type: 'module' })}\n`);
chmodSync('dist/odradek.js', 0o755);
