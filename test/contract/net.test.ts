/**
 * What host/net promises, of which much rests on Node's inside: reading into our memory, pausing, descriptors read from live handles,
 * sockets moved between threads. With the addon and without it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadNative } from '../../src/host/addon.ts';
import { hostFileReader, hostNet } from '../../src/host/net.ts';
import { type Native, UNSUPPORTED } from '../../src/port/native.ts';
import {
  type Arrived,
  EAGAIN,
  type Handed,
  type Listening,
  type NetHost,
  type Wire,
  type WireReceiver,
} from '../../src/port/net.ts';

const { native, kind } = loadNative();
const plain: Native = { ...native, dup: () => UNSUPPORTED, sendfile: () => UNSUPPORTED, peek: () => UNSUPPORTED };
const KINDS: [string, Native][] = [['without the addon', plain]];
if (kind === 'addon') KINDS.push(['with the addon', native]);

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 2500) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, i < 50 ? 0 : 2));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes everything down. */
class Recorder implements WireReceiver {
  wire: Wire | null = null;
  /** As an arena's: memory that threads share. */
  readonly memory = Buffer.from(new SharedArrayBuffer(8));
  bytes = '';
  reads = 0;
  goOn = true;
  fin = 0;
  drained = 0;
  gone: (string | null)[] = [];

  buffer(): Buffer {
    return this.memory;
  }

  received(size: number): boolean {
    assert.ok(size > 0 && size <= this.memory.length);
    this.bytes += this.memory.toString('latin1', 0, size);
    this.reads++;
    return this.goOn;
  }

  ended(): void {
    this.fin++;
  }

  written(): void {
    this.drained++;
  }

  closed(code: string | null): void {
    this.gone.push(code);
  }
}

async function listen(net: NetHost, arrived: (connection: Arrived) => void): Promise<Listening> {
  const listening = await net.listen({ host: '127.0.0.1', port: 0, backlog: 10 }, arrived);
  assert.ok('stop' in listening);
  return listening;
}

async function pair(
  which: Native,
  run: (recorder: Recorder, wire: Wire, client: Socket) => Promise<void>,
): Promise<void> {
  const net = hostNet(which);
  const recorder = new Recorder();
  const listening = await listen(net, (arrived) => {
    assert.equal(arrived.remoteAddress, '127.0.0.1');
    const handed = arrived.handOver();
    assert.ok(handed !== null && handed !== 'no descriptor');
    assert.equal(handed.kind, which.dup === plain.dup ? 'socket' : 'descriptor');
    recorder.wire = net.adopt(handed, recorder);
  });
  const client = connect({ port: listening.port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined);
  await once(client, 'connect');
  await until(() => recorder.wire !== null);
  try {
    await run(recorder, recorder.wire as Wire, client);
  } finally {
    listening.stop();
    client.destroy();
    recorder.wire?.destroy();
    await until(() => recorder.gone.length > 0);
    assert.equal(recorder.gone.length, 1, 'closed is told once');
  }
}

for (const [name, which] of KINDS) {
  test(`${name}: bytes come into the memory that was named, in order`, async () => {
    await pair(which, async (recorder, wire, client) => {
      assert.equal(wire.remoteAddress, '127.0.0.1');
      assert.equal(wire.remotePort, client.localPort);
      assert.equal(wire.localPort, client.remotePort);
      client.write('0123456789abcdef0123');
      await until(() => recorder.bytes.length === 20);
      assert.equal(recorder.bytes, '0123456789abcdef0123');
      assert.ok(recorder.reads >= 3);
    });
  });

  test(`${name}: false stops reading, and resume goes on with the next byte`, async () => {
    await pair(which, async (recorder, wire, client) => {
      recorder.goOn = false;
      client.write('0123456789abcdef');
      await until(() => recorder.reads === 1);
      await pause(20);
      assert.equal(recorder.reads, 1);
      wire.resume();
      await until(() => recorder.reads === 2);
      recorder.goOn = true;
      wire.resume();
      client.write('ghij');
      await until(() => recorder.bytes.length === 20);
      wire.pause();
      client.write('klmn');
      await pause(20);
      assert.equal(recorder.bytes.length, 20);
      wire.resume();
      await until(() => recorder.bytes.length === 24);
      assert.equal(recorder.bytes, '0123456789abcdefghijklmn');
    });
  });

  test(`${name}: after FIN the other direction goes on`, async () => {
    await pair(which, async (recorder, wire, client) => {
      let got = '';
      client.on('data', (bytes) => (got += String(bytes)));
      client.end('bye');
      await until(() => recorder.fin === 1);
      assert.equal(recorder.bytes, 'bye');
      await pause(10);
      assert.deepEqual(recorder.gone, []);
      wire.write(Buffer.from('still '));
      wire.writeAll([Buffer.from('he'), Buffer.from('re')]);
      await until(() => got === 'still here');
      wire.endSoon();
      await once(client, 'end');
      await until(() => recorder.gone.length === 1);
      assert.deepEqual(recorder.gone, [null]);
    });
  });

  test(`${name}: a reset is told with its code`, async () => {
    await pair(which, async (recorder, _wire, client) => {
      client.resetAndDestroy();
      await until(() => recorder.gone.length === 1);
      assert.deepEqual(recorder.gone, ['ECONNRESET']);
    });
  });

  test(`${name}: written is told when the kernel has everything; until then unwritten is not zero`, async () => {
    await pair(which, async (recorder, wire, client) => {
      client.pause();
      wire.write(Buffer.alloc(20_000_000, 1));
      assert.ok(wire.unwritten > 0);
      await pause(20);
      assert.equal(recorder.drained, 0);
      let got = 0;
      client.on('data', (bytes) => (got += bytes.length));
      client.resume();
      await until(() => recorder.drained === 1);
      assert.equal(wire.unwritten, 0);
      await until(() => got === 20_000_000);
      wire.write(Buffer.from('x'));
      assert.equal(wire.unwritten, 0, 'a small write is taken at once');
    });
  });

  test(`${name}: endSoon closes after what was written has gone`, async () => {
    await pair(which, async (_recorder, wire, client) => {
      client.pause();
      wire.write(Buffer.alloc(10_000_000, 1));
      wire.endSoon();
      let got = 0;
      client.on('data', (bytes) => (got += bytes.length));
      client.resume();
      await once(client, 'end');
      assert.equal(got, 10_000_000);
    });
  });
}

test('a failed listen is a value with the code', async () => {
  const net = hostNet(native);
  const first = await listen(net, () => undefined);
  const second = await net.listen({ host: '127.0.0.1', port: first.port, backlog: 10 }, () => undefined);
  assert.ok('code' in second);
  assert.equal(second.code, 'EADDRINUSE');
  first.stop();
});

test('a socket reaches a worker by transfer, and by descriptor where there is the addon', async () => {
  const worker = new Worker(new URL('net-worker.ts', import.meta.url));
  const closed: unknown[] = [];
  worker.on('message', (message) => closed.push(message));
  for (const [, which] of KINDS) {
    const listening = await listen(hostNet(which), (arrived) => {
      const handed = arrived.handOver() as Handed;
      worker.postMessage(handed, handed.kind === 'socket' ? [handed.socket as never] : []);
    });
    const client = connect(listening.port, '127.0.0.1');
    client.write('hello');
    const [answer] = await once(client, 'data');
    assert.equal(String(answer), 'worker: hello');
    client.end();
    await once(client, 'close');
    listening.stop();
  }
  await until(() => closed.length === KINDS.length);
  await worker.terminate();
});

if (kind === 'addon') {
  test('a file leaves by sendfile until the kernel takes no more, and at its end there is nothing', async () => {
    const path = join(tmpdir(), `net-${process.pid}.bin`);
    const content = Buffer.alloc(12_000_000, 'the spool of thread ');
    writeFileSync(path, content);
    const file = openSync(path, 'r');
    await pair(native, async (recorder, wire, client) => {
      assert.equal(wire.sendsFiles, true);
      client.pause();
      let sent = 0;
      for (;;) {
        const count = wire.sendFile(file, sent, 1_000_000);
        if (count === EAGAIN) break;
        assert.ok(count > 0, `errno ${-count}`);
        sent += count;
      }
      assert.ok(sent > 0 && sent < content.length);
      const signal = Buffer.alloc(1000);
      assert.equal(hostFileReader.readAt(file, signal, 0, 1000, sent), 1000);
      wire.write(signal);
      sent += 1000;
      const parts: Buffer[] = [];
      client.on('data', (bytes) => parts.push(bytes as Buffer));
      client.resume();
      await until(() => recorder.drained === 1);
      while (sent < content.length) {
        const count = wire.sendFile(file, sent, 1_000_000);
        if (count > 0) sent += count;
        else await pause(1);
      }
      assert.equal(wire.sendFile(file, content.length, 1000), 0);
      wire.endSoon();
      await once(client, 'end');
      assert.ok(Buffer.concat(parts).equals(readFileSync(path)));
      assert.ok(wire.sendFile(file, 0, 10) < 0, 'a wire that was ended sends nothing');
    });
    closeSync(file);
    rmSync(path);
  });

  test('a paused wire is looked at: open, ended, failed', async () => {
    await pair(native, async (_recorder, wire, client) => {
      wire.pause();
      assert.equal(wire.peek(), 'open');
      client.end();
      await until(() => wire.peek() === 'ended');
    });
    await pair(native, async (_recorder, wire, client) => {
      wire.pause();
      client.resetAndDestroy();
      await until(() => wire.peek() === 'failed');
    });
  });
}
