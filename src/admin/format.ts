/** `odradek format`, and the formatting of a first start. */
import { availableParallelism } from 'node:os';
import { type BrokerConfig, parseBrokerConfig } from '../config/broker-config.ts';
import { type FormatPorts, type FormatResult, formatDirectories } from './format-directories.ts';
import { loadNative } from '../host/addon.ts';
import { systemClock } from '../host/clock.ts';
import { openHostDisk } from '../host/disk.ts';
import { systemRandom } from '../host/random.ts';
import { type Disk, DiskFault } from '../port/disk.ts';
import { MetadataError } from '../storage/metadata/metadata-log.ts';
import type { FormatOptions } from './cli.ts';

function ports(disk?: Disk): FormatPorts {
  const { native } = loadNative();
  return { disk: disk ?? openHostDisk(native), clock: systemClock, random: systemRandom, native };
}

/** The command. Resolves to the exit code. */
export async function format(options: FormatOptions): Promise<number> {
  const { propertiesText: text, overrides } = options;
  const parsed = parseBrokerConfig({ text, overrides, parallelism: availableParallelism() });
  if (!parsed.ok) {
    for (const { message, allowed } of parsed.problems) {
      fail(`${message}${allowed === null ? '' : ` (allowed: ${allowed})`}`);
    }
    return 1;
  }
  let result: FormatResult;
  try {
    result = await formatDirectories(ports(), parsed.config, options);
  } catch (error) {
    if (!(error instanceof DiskFault)) throw error;
    return fail(error.message);
  }
  if (!result.ok) return fail(result.reason);
  for (const line of result.formatted.lines) process.stdout.write(`${line}\n`);
  return 0;
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

/** Formats those log directories that are not, as part of a start. Rejects with a MetadataError or a DiskFault. */
export async function formatMissing(config: BrokerConfig, disk: Disk, unusable: ReadonlySet<string>): Promise<void> {
  // Without the directory that would hold the metadata log the start ends anyway.
  if (unusable.has(config.metadataLogDir)) return;
  const result = await formatDirectories(ports(disk), config, { clusterId: null, ignoreFormatted: true, unusable });
  if (!result.ok) throw new MetadataError(result.reason);
}
