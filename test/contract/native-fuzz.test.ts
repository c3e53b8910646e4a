/** Hostile input: both implementations find the same in it, none crashes, and nothing outside the output changes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { BATCH_ERROR, CODEC, type Native, ROW, ROW_SIZE, SCAN } from '../../src/port/native.ts';
import { addonOrNull, anyBatch, anyBytes, encodeBatch, lanes, LEVELS, validateOne, withCrc } from './native-batches.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);

/** Where to change what: a byte, a bit, a cut, a piece of another place. */
interface Change {
  readonly kind: 'set' | 'flip' | 'cut' | 'copy' | 'insert';
  readonly at: number;
  readonly other: number;
  readonly value: number;
}

const anyChange: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('set', 'flip', 'cut', 'copy', 'insert'),
  at: fc.oneof(fc.nat(), fc.nat(120)),
  other: fc.nat(),
  value: fc.nat(255),
});

function changed(bytes: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((before, { kind, at: anywhere, other, value }) => {
    if (before.length === 0) return before;
    const at = anywhere % before.length;
    switch (kind) {
      case 'set':
        return Buffer.from(before).fill(value, at, at + 1);
      case 'flip':
        return Buffer.from(before).fill((before[at] ?? 0) ^ (1 << (value & 7)), at, at + 1);
      case 'cut':
        return before.subarray(0, at);
      case 'copy': {
        const from = other % before.length;
        return Buffer.concat([
          before.subarray(0, at),
          before.subarray(from, from + value),
          before.subarray(at + value),
        ]);
      }
      case 'insert':
        return Buffer.concat([before.subarray(0, at), Buffer.alloc(value, value), before.subarray(at)]);
      default:
        throw new Error('no such change');
    }
  }, bytes);
}

const RECORD_ERRORS: number[] = [
  BATCH_ERROR.badCompression,
  BATCH_ERROR.uncompressedTooLarge,
  BATCH_ERROR.recordTooLarge,
  BATCH_ERROR.badRecord,
];

/** The addon streams and the fallback does not, so that they meet the damages of a compressed batch in another order. */
function comparable(row: Float64Array): Float64Array {
  const copy = row.slice();
  const compressed = ((row[ROW.attributes] ?? 0) & 7) !== 0;
  if (!compressed || !RECORD_ERRORS.includes(row[ROW.error] ?? 0)) return copy;
  copy[ROW.error] = BATCH_ERROR.badCompression;
  copy[ROW.errorRecordIndex] = -1;
  return copy;
}

function validateGuarded(native: Native, bytes: Buffer): Float64Array {
  const before = Buffer.from(bytes);
  const row = validateOne(native, bytes, { batch: 150_000, uncompressed: 1 << 20, record: 200_000 });
  assert.deepEqual(bytes, before);
  return row;
}

function scanAll(native: Native, bytes: Buffer, deep: number): number[] {
  const out = new Float64Array(SCAN.firstRow + 4 * ROW_SIZE).fill(-77);
  const rows = native.scanBatches(bytes, 0, bytes.length, -(2 ** 40), out, 150_000, deep);
  assert.ok(rows <= 4);
  assert.ok((out[SCAN.stoppedAt] ?? -1) <= bytes.length);
  const head = Array.from(out.subarray(0, SCAN.firstRow));
  if (RECORD_ERRORS.includes(head[SCAN.reason] ?? 0)) head[SCAN.reason] = BATCH_ERROR.badCompression;
  return [rows, ...head, ...out.subarray(SCAN.firstRow, SCAN.firstRow + rows * ROW_SIZE)];
}

function sumUp(answer: Buffer | number): string {
  return typeof answer === 'number' ? String(answer) : `${answer.length} ${answer.toString('latin1')}`;
}

describe('hostile input', () => {
  const addon = addonOrNull();
  const others = lanes();
  const [fallback] = others.slice(-1);
  assert.ok(fallback);

  it('batches with changed bytes and a checksum that fits again', () => {
    fc.assert(
      fc.property(anyBatch(), fc.array(anyChange, { maxLength: 4 }), fc.boolean(), (batch, changes, fitting) => {
        const bytes = changed(encodeBatch(batch, fallback.native), changes);
        if (fitting && bytes.length >= 61) withCrc(bytes);
        const rows = others.map(({ native }) => comparable(validateGuarded(native, bytes)));
        for (const row of rows) assert.deepEqual(row, rows[0]);
      }),
      { numRuns: RUNS },
    );
  });

  it('segments with changed bytes', () => {
    const changes = fc.array(anyChange, { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyBatch(), changes, fc.boolean()), { maxLength: 5 }),
        fc.boolean(),
        (batches, deep) => {
          let next = 0n;
          const pieces = batches.map(([batch, edits, fitting]) => {
            const piece = changed(encodeBatch({ ...batch, baseOffset: next }, fallback.native), edits);
            next += BigInt(batch.recordsCount);
            return fitting && piece.length >= 61 ? withCrc(Buffer.from(piece)) : piece;
          });
          const bytes = Buffer.concat(pieces);
          const answers = others.map(({ native }) => scanAll(native, bytes, deep ? 1 << 20 : 0));
          for (const answer of answers) assert.deepEqual(answer, answers[0]);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('any bytes as batches', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
        const bytes = Buffer.from(array);
        const answers = others.map(({ native }) => [...validateGuarded(native, bytes), ...scanAll(native, bytes, 1)]);
        for (const answer of answers) assert.deepEqual(answer, answers[0]);
      }),
      { numRuns: RUNS },
    );
  });

  for (const codec of [CODEC.gzip, CODEC.snappy, CODEC.lz4, CODEC.zstd] as const) {
    it(`compressed streams with changed bytes, codec ${codec}`, () => {
      fc.assert(
        fc.property(anyBytes, fc.array(anyChange, { minLength: 1, maxLength: 4 }), (plain, changes) => {
          const level = LEVELS[codec] ?? 0;
          const bytes = changed(fallback.native.compress(codec, level, plain, 0, plain.length), changes);
          const answers = others.map(({ native }) => native.decompress(codec, bytes, 0, bytes.length, 1 << 20));
          const [first] = answers.map(sumUp);
          for (const answer of answers) {
            // Which of two damages is met first may differ; that there is one may not.
            if (typeof answer === 'number') assert.equal(typeof answers[0], 'number');
            else assert.equal(sumUp(answer), first);
          }
        }),
        { numRuns: RUNS },
      );
    });

    it(`any bytes as a compressed stream, codec ${codec}`, () => {
      const magic = { 1: '1f8b0800', 2: '82534e415050590000000001', 3: '04224d18604082', 4: '28b52ffd' }[codec];
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (array, started) => {
          const bytes = Buffer.concat([started ? Buffer.from(magic, 'hex') : Buffer.alloc(0), array]);
          const kinds = others.map(({ native }) => typeof native.decompress(codec, bytes, 0, bytes.length, 1 << 20));
          for (const kind of kinds) assert.equal(kind, kinds[0]);
        }),
        { numRuns: RUNS },
      );
    });
  }

  it('arguments of other types throw and do not crash', { skip: addon === null }, () => {
    const values = [
      undefined,
      null,
      0,
      -1,
      Number.NaN,
      'text',
      {},
      [],
      new Float64Array(3),
      new Uint16Array(8),
      Buffer.alloc(8),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(addon ?? {})),
        fc.array(fc.constantFrom(...values)),
        ([name, call], args) => {
          // System calls may do what they are asked to.
          if (!/^(crc32c|validateBatches|sealBatches|scanBatches|compress|decompress|releasePages)$/.test(name)) return;
          try {
            Reflect.apply(call, null, args);
          } catch (error) {
            assert.ok(error instanceof Error);
            assert.doesNotMatch(error.message, /panic/i);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
