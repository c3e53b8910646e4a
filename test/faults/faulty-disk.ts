/** Faults of the disk below a broker process: a small library, preloaded, does what a test says (faulty-disk.c). Needs a C compiler. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const OPERATIONS = { write: 1, sync: 2, open: 4, name: 8 } as const;
export type Operation = keyof typeof OPERATIONS;

export interface Fault {
  /** Which operations; all that change anything where not given. */
  readonly operations?: readonly Operation[];
  readonly error?: 'ENOSPC' | 'EIO' | 'EROFS' | 'EMFILE';
  /** Milliseconds that each takes, on the thread that does it. */
  readonly delayMs?: number;
}

const RULE_BYTES = 256;
const PREFIX_BYTES = 240;
const RULES = 16;

export class FaultyDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'odradek-faults-'));
  readonly #page = openSync(join(this.#folder, 'rules'), 'w+');
  #rules = 0;

  private constructor() {
    writeSync(this.#page, Buffer.alloc(RULES * RULE_BYTES));
  }

  /** Null where there is no compiler. */
  static create(): FaultyDisk | null {
    const disk = new FaultyDisk();
    const source = join(import.meta.dirname, 'faulty-disk.c');
    const built = spawnSync(process.env['CC'] ?? 'cc', [
      '-O1',
      '-shared',
      '-fPIC',
      '-w',
      '-o',
      disk.#library,
      source,
      '-ldl',
    ]);
    if (built.status === 0) return disk;
    disk.close();
    return null;
  }

  get #library(): string {
    return join(this.#folder, 'faulty-disk.so');
  }

  /** Of a broker process that this disk lies below. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: this.#library, ODRADEK_TEST_FAULTS: join(this.#folder, 'rules') };
  }

  /** From now on, for every path that begins so. */
  inject(prefix: string, { operations, error, delayMs = 0 }: Fault): void {
    const rule = Buffer.alloc(RULE_BYTES);
    const mask = operations?.reduce((sum, operation) => sum | OPERATIONS[operation], 0) ?? 15;
    rule.writeInt32LE(mask, 0);
    rule.writeInt32LE(error === undefined ? 0 : constants.errno[error], 4);
    rule.writeInt32LE(delayMs, 8);
    rule.write(prefix, 16, PREFIX_BYTES - 1);
    const at = this.#rules++ * RULE_BYTES;
    writeSync(this.#page, rule, 0, RULE_BYTES, at);
    rule.writeInt32LE(1, 12);
    writeSync(this.#page, rule, 12, 4, at + 12);
  }

  /** Everything works again. */
  heal(): void {
    writeSync(this.#page, Buffer.alloc(RULES * RULE_BYTES), 0, RULES * RULE_BYTES, 0);
    this.#rules = 0;
  }

  close(): void {
    closeSync(this.#page);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
