/** Log lines: Kafka's form, levels, fields, and that nobody can forge a line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../src/host/log.ts';

function lines(level: 'debug' | 'info' | 'warn' | 'error' | 'off'): {
  log: ReturnType<typeof createLogger>;
  written: string[];
} {
  const written: string[] = [];
  return { log: createLogger({ level, fields: { thread: 'shard-0' }, write: (line) => written.push(line) }), written };
}

test("a line begins as Kafka's do and carries its fields", () => {
  const { log, written } = lines('info');
  log
    .child({ topic: 'a b' })
    .info('Created', { partition: 3, isInternal: false, nothing: undefined, none: null, text: 'x="1"\n' });
  assert.equal(written.length, 1);
  assert.match(
    written[0] ?? '',
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] INFO Created partition=3 isInternal=false none=null text="x=\\"1\\"\\n" thread=shard-0 topic="a b"\n$/,
  );
});

test('what lies below the level is not written', () => {
  const { log, written } = lines('warn');
  log.debug('no');
  log.info('no');
  log.warn('yes');
  log.error('yes');
  assert.deepEqual(
    written.map((line) => line.slice(26, 31)),
    ['WARN ', 'ERROR'],
  );
  const none = lines('off');
  none.log.error('no');
  assert.deepEqual(none.written, []);
});

test('a message of several lines begins none of its own', () => {
  const { log, written } = lines('info');
  log.info('first\n[2026-01-01 00:00:00,000] ERROR forged');
  assert.match(written[0] ?? '', /first\n {4}\[2026/);
});
