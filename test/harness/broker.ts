/** Starts a broker process on a free port with a directory of its own, stops it, kills it, starts it again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const BUNDLE = join(ROOT, 'dist', 'odradek.js');
const SOURCE = join(ROOT, 'src', 'admin', 'odradek.ts');
const READY = /is ready/;
const START_MS = 60_000;
const STOP_MS = 30_000;

function newestIn(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

/** The bundle where it was built from these sources; the sources themselves where they are newer. */
function entry(): string {
  const given = process.env['ODRADEK_ENTRY'];
  if (given !== undefined) return given;
  return existsSync(BUNDLE) && statSync(BUNDLE).mtimeMs >= newestIn(join(ROOT, 'src')) ? BUNDLE : SOURCE;
}

/** The command line that runs the `odradek` command, without its arguments. */
export function brokerCommand(): [string, ...string[]] {
  return [process.execPath, entry()];
}

/**
 * A free port that the system gives to nobody who connects: those it does give could be taken before the broker listens, or while
 * it is down, by any of the thousands of connections that tests make side by side.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(16_384, 32_768);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

export interface BrokerOptions {
  /** Settings, by name. The listener and the directory are the harness's. */
  readonly overrides?: Readonly<Record<string, string | number>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Levels of features that the cluster is formatted with, where they are not the newest. */
  readonly features?: Readonly<Record<string, number>>;
  /** A command that becomes the broker (it ends in exec): for limits of the process. */
  readonly under?: readonly string[];
}

export class TestBroker {
  readonly port: number;
  readonly directory: string;
  readonly #options: BrokerOptions;
  #process: ChildProcess | null = null;
  #output = '';

  private constructor(port: number, directory: string, options: BrokerOptions) {
    this.port = port;
    this.directory = directory;
    this.#options = options;
  }

  static async start(options: BrokerOptions = {}): Promise<TestBroker> {
    const directory = mkdtempSync(join(tmpdir(), 'odradek-test-'));
    const broker = new TestBroker(await freePort(), directory, options);
    broker.#format();
    await broker.startAgain();
    return broker;
  }

  /** What it printed since its last start. */
  get output(): string {
    return this.#output;
  }

  /** Whether the process ended by itself. */
  get hasEnded(): boolean {
    return this.#process !== null && (this.#process.exitCode !== null || this.#process.signalCode !== null);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Only where the cluster is to have other features than one that a start makes. */
  #format(): void {
    const features = Object.entries(this.#options.features ?? {}).flatMap(([name, level]) => [
      '-f',
      `${name}=${level}`,
    ]);
    if (features.length === 0) return;
    const [command, ...first] = brokerCommand();
    execFileSync(command, [...first, 'format', '-o', `log.dirs=${join(this.directory, 'data')}`, ...features]);
  }

  /** On the same port and directory, after a stop or a kill. */
  async startAgain(): Promise<void> {
    const settings = {
      listeners: `PLAINTEXT://127.0.0.1:${this.port}`,
      'log.dirs': join(this.directory, 'data'),
      ...this.#options.overrides,
    };
    const overrides = Object.entries(settings).flatMap(([name, value]) => ['--override', `${name}=${value}`]);
    this.#output = '';
    const [command, ...first] = [...(this.#options.under ?? []), ...brokerCommand()];
    const child = spawn(command as string, [...first, 'start', ...overrides], {
      cwd: this.directory,
      env: { ...process.env, ...this.#options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const read = (text: string): void => {
      this.#output += text;
      if (READY.test(this.#output)) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', (code, signal) => reject(new Error(`the broker ended (${code ?? signal}):\n${this.#output}`)));
    const timer = setTimeout(() => reject(new Error(`not ready within ${START_MS} ms:\n${this.#output}`)), START_MS);
    try {
      await promise;
    } catch (error) {
      await this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A clean stop. Resolves to the exit code; one that takes too long is killed and is an error. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child === null) return null;
    this.#process = null;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, STOP_MS);
    await ended;
    clearTimeout(timer);
    if (isLate) throw new Error(`not stopped within ${STOP_MS} ms:\n${this.#output}`);
    return child.exitCode;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    this.#process = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops it and removes its directory. */
  async close(): Promise<void> {
    try {
      await this.stop();
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}
