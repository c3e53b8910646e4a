/**
 * The main thread's entry: reads the configuration, starts the broker, says when it is ready, and stops it on a signal.
 *
 * The first SIGINT or SIGTERM stops cleanly; more within two seconds are taken for the same key press; a later one ends the process at once.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { BootError } from './broker/boot-error.ts';
import { MainThread } from './broker/main-thread.ts';
import { type BrokerConfig, parseBrokerConfig, settingsWithoutEffect } from './config/broker-config.ts';
import { loadNative } from './host/addon.ts';
import { systemClock } from './host/clock.ts';
import { fewFilesWarning, openFilesLimit } from './host/limits.ts';
import { createLogger, errorText } from './host/log.ts';
import { hostNet } from './host/net.ts';
import { bellOf, openBellPipes } from './host/pipe-bell.ts';
import { startThread } from './host/threads.ts';
import { ListenerError } from './network/acceptor.ts';
import { AtomicsDoorbell } from './shard/doorbell.ts';
import { FIRST_SHARD, MAIN } from './shard/shared-block.ts';

export interface RunOptions {
  readonly propertiesText: string | null;
  readonly propertiesPath: string | null;
  readonly overrides: readonly (readonly [name: string, value: string])[];
  /** Whether directories that were never formatted are formatted now. */
  readonly formatIfMissing: boolean;
}

/** Set by the build. */
declare const ODRADEK_VERSION: string | undefined;
const VERSION = typeof ODRADEK_VERSION === 'string' ? ODRADEK_VERSION : 'from source';

const SAME_KEY_PRESS_MS = 2000;
const EXIT = { ok: 0, failed: 1, killed: 130 } as const;

/** Runs the broker until it is told to stop. Resolves to the exit code. */
export async function runBroker(options: RunOptions): Promise<number> {
  const log = createLogger();
  const input = { text: options.propertiesText, overrides: options.overrides, parallelism: availableParallelism() };
  const parsed = parseBrokerConfig(input);
  if (!parsed.ok) {
    for (const { message, allowed } of parsed.problems) {
      process.stderr.write(`odradek: ${message}${allowed === null ? '' : ` (allowed: ${allowed})`}\n`);
    }
    return EXIT.failed;
  }
  const { config } = parsed;
  tellIdleSettings(config, log);
  const { native, kind, reason } = loadNative();
  if (kind === 'fallback') log.warn(`The addon is not used, codecs are slower: ${reason ?? 'no reason is known'}`);

  const fewFiles = fewFilesWarning(openFilesLimit());
  if (fewFiles !== null) log.warn(fewFiles);

  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const bellPipes = openBellPipes(native, FIRST_SHARD + config.shardCount);
  const main = new MainThread(
    config,
    { config: input, formatIfMissing: options.formatIfMissing, version: VERSION, bellPipes },
    {
      clock: systemClock,
      log,
      native,
      net: hostNet(native),
      doorbell: (block) => new AtomicsDoorbell(block.doorbells, MAIN, bellOf(bellPipes, MAIN)),
      startThread,
      openFilesLimit: openFilesLimit(),
      die: (why) => {
        log.error(`The broker ends: ${why}`);
        process.exit(EXIT.failed);
      },
    },
  );
  stopOnSignals(main, log, end);
  try {
    const ready = await main.start();
    if (ready === null) return await ended;
    const { summary, ports } = ready;
    if (summary.recovered > 0)
      log.info('The last stop was not clean: logs were recovered', { logs: summary.recovered });
    const where = config.listeners.map(({ name, host }) => `${host || '0.0.0.0'}:${ports.get(name) ?? 0}`).join(', ');
    const sinceStart = Math.round(performance.now());
    // The state of the threads, for whoever wonders what a broker is doing.
    process.on('SIGUSR2', () => {
      void main.stats().then((stats) => log.info(`State: ${JSON.stringify(stats)}`));
    });
    process.stdout.write(
      `odradek ${VERSION} is ready: address ${where}, cluster ${summary.clusterId}, ${config.shardCount} ${config.shardCount === 1 ? 'shard' : 'shards'}, ` +
        `data ${summary.directories.map((path) => resolve(path)).join(', ')}, ${sinceStart} ms since start\n`,
    );
  } catch (error) {
    if (!(error instanceof BootError) && !(error instanceof ListenerError)) throw error;
    process.stderr.write(`odradek: ${error.message}\n`);
    // Without a listener everything else has started, and is left in order.
    if (error instanceof ListenerError) await main.stop();
    else await main.abandon();
    return EXIT.failed;
  }
  return await ended;
}

function tellIdleSettings(config: BrokerConfig, log: ReturnType<typeof createLogger>): void {
  const idle = settingsWithoutEffect(config);
  if (idle.length > 0)
    log.warn(`Settings that were given and have no effect here: ${idle.map(({ name }) => name).join(', ')}`);
}

function stopOnSignals(main: MainThread, log: ReturnType<typeof createLogger>, end: (code: number) => void): void {
  let firstAt: number | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      log.info(`${signal}: stopping`);
      main.stop().then(
        () => end(EXIT.ok),
        (error: unknown) => {
          log.error(`The stop failed: ${errorText(error)}`);
          end(EXIT.failed);
        },
      );
    } else if (now - firstAt > SAME_KEY_PRESS_MS) {
      log.warn(`${signal} again: ending at once`);
      process.exit(EXIT.killed);
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
