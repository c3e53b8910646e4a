/** Listeners, the limits of connections, and who gets which. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostNet } from '../../../src/host/net.ts';
import { Acceptor, ListenerError } from '../../../src/network/acceptor.ts';
import { ConnectionCounts } from '../../../src/network/connection-limits.ts';
import type { ConnectionLimits, ListenerAddress } from '../../../src/network/settings.ts';
import { HandClock, Lines, native, plainNative, turns, until, withRig } from './harness.ts';

const UNLIMITED: ConnectionLimits = {
  total: 0x7fffffff,
  perAddress: 0x7fffffff,
  perAddressOverrides: new Map(),
  creationRate: 0x7fffffff,
};
const apis = { ApiVersions: { handle: () => ({ errorCode: 0, apiKeys: [], throttleTimeMs: 0 }) } };

function acceptor(listeners: readonly ListenerAddress[], limits = UNLIMITED): { acceptor: Acceptor; log: Lines } {
  const log = new Lines();
  const options = { clock: new HandClock(), log, net: hostNet(native), listeners, limits, backlog: 50, shards: 2 };
  return { acceptor: new Acceptor({ ...options, handOver: () => undefined }), log };
}

test('a listener whose address is in use stops the start and says so; the others are closed', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const { acceptor: tried } = acceptor([
    { name: 'FIRST', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 },
    { name: 'SECOND', protocol: 'PLAINTEXT', host: '127.0.0.1', port },
  ]);
  await assert.rejects(tried.open(), (error) => {
    assert.ok(error instanceof ListenerError);
    assert.match(error.message, new RegExp(`SECOND cannot be opened on 127.0.0.1:${port}: the address is in use`));
    return true;
  });
  other.close();
});

test('a protocol that is not served yet stops the start before anything is opened', async () => {
  const { acceptor: tried } = acceptor([
    { name: 'A', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 },
    { name: 'B', protocol: 'SASL_SSL', host: '127.0.0.1', port: 0 },
  ]);
  await assert.rejects(tried.open(), /listener B uses SASL_SSL/);
  assert.equal(tried.ports.size, 0);
});

for (const [name, which] of [
  ['by descriptor', native],
  ['by transfer', plainNative],
] as const) {
  test(`max.connections.per.ip: one more is closed, and there is room again after a close (${name})`, async () => {
    await withRig({ apis, native: which, limits: { perAddress: 2 } }, async (rig) => {
      const first = await rig.client();
      const second = await rig.client();
      const third = await rig.client();
      await until(() => third.over);
      assert.equal(first.over || second.over, false);
      assert.match(rig.log.lines[0] ?? '', /127.0.0.1.*2/);
      first.socket.destroy();
      await until(() => rig.acceptor.connectionCount === 1);
      const fourth = await rig.client();
      fourth.send('ApiVersions', 0, 1, {});
      await fourth.next(1);
    });
  });
}

test('an override raises the limit of one address', async () => {
  await withRig({ apis, limits: { perAddress: 0, perAddressOverrides: new Map([['127.0.0.1', 1]]) } }, async (rig) => {
    const first = await rig.client();
    first.send('ApiVersions', 0, 1, {});
    await first.next(1);
    const second = await rig.client();
    await until(() => second.over);
  });
});

test('max.connections: one more waits until another is closed', async () => {
  await withRig({ apis, limits: { total: 1 } }, async (rig) => {
    const first = await rig.client();
    const second = await rig.client();
    second.send('ApiVersions', 0, 5, {});
    await turns(20);
    assert.deepEqual(second.frames, []);
    assert.equal(second.over, false);
    first.socket.destroy();
    await second.next(1);
    assert.deepEqual(second.correlationIds, [5]);
  });
});

test('max.connection.creation.rate: connections wait their turn', async () => {
  const clock = new HandClock();
  await withRig({ apis, clock, limits: { creationRate: 2 } }, async (rig) => {
    const clients = await Promise.all([1, 2, 3, 4].map(() => rig.client()));
    for (const client of clients) client.send('ApiVersions', 0, 1, {});
    const served = (): number => clients.filter(({ frames }) => frames.length > 0).length;
    await until(() => served() === 2);
    await turns(20);
    assert.equal(served(), 2);
    clock.advance(500);
    await until(() => served() === 3);
    clock.advance(500);
    await until(() => served() === 4);
  });
});

test('counts never pass their limits, and come back to nothing', () => {
  const steps = fc.array(fc.record({ address: fc.constantFrom('a', 'b', 'c'), close: fc.boolean(), ms: fc.nat(400) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }), (given, total, perAddress) => {
      const counts = new ConnectionCounts({ ...UNLIMITED, total, perAddress, creationRate: 3 }, 0);
      const open: string[] = [];
      let now = 0;
      let admitted = 0;
      for (const { address, close, ms } of given) {
        now += ms;
        if (close) {
          const gone = open.shift();
          if (gone !== undefined) counts.remove(gone);
        } else if (counts.admit(address, now) === 'now') {
          open.push(address);
          admitted++;
        }
        assert.equal(counts.total, open.length);
        assert.ok(open.length <= total);
        for (const each of ['a', 'b', 'c']) assert.ok(open.filter((one) => one === each).length <= perAddress);
        assert.ok(admitted <= 3 + (now / 1000) * 3 + 1e-6);
      }
    }),
  );
});

test('connections go to the shard that has the fewest', async () => {
  const given: number[] = [];
  const net = hostNet(native);
  const tried = new Acceptor({
    clock: new HandClock(),
    log: new Lines(),
    net,
    listeners: [{ name: 'A', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 }],
    limits: UNLIMITED,
    backlog: 50,
    shards: 3,
    handOver: (shard, handed) => {
      given.push(shard);
      if (handed.kind === 'descriptor') native.closeFd(handed.descriptor);
      else (handed.socket as { destroy(): void }).destroy();
    },
  });
  await tried.open();
  const { connect } = await import('node:net');
  for (let i = 0; i < 6; i++) {
    const socket = connect(tried.ports.get('A') ?? 0, '127.0.0.1');
    socket.on('error', () => undefined);
    await until(() => given.length === i + 1);
    socket.destroy();
  }
  assert.deepEqual(given.toSorted(), [0, 0, 1, 1, 2, 2]);
  // The two of one shard are gone: the next two are its.
  const ids = given.flatMap((shard, i) => (shard === 1 ? [i + 1] : []));
  for (const id of ids) tried.closed(id);
  for (let i = 6; i < 8; i++) {
    const socket = connect(tried.ports.get('A') ?? 0, '127.0.0.1');
    socket.on('error', () => undefined);
    await until(() => given.length === i + 1);
    socket.destroy();
  }
  assert.deepEqual(given.slice(6), [1, 1]);
  tried.stop();
});
