/** Limits of connections: by address, in all, in a second, idle ones; and a process that may not open more files. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { RawClient } from '../harness/client.ts';
import { Attacked, createTopic, ended, frameOf, metadataRequest, openSocket, until } from './attack.ts';

/** A few at a time: the kernel forgets some of those that it cannot queue, and their clients never hear of it. */
async function openCrowd(attacked: Attacked, count: number): Promise<Socket[]> {
  const crowd: Socket[] = [];
  while (crowd.length < count) {
    crowd.push(...(await Promise.all(Array.from({ length: 10 }, () => openSocket(attacked.broker.port)))));
    await attacked.innocent.check(1);
  }
  return crowd;
}

async function isServed(socket: Socket): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => {
    socket
      .once('data', () => resolve(true))
      .once('end', () => resolve(false))
      .once('close', () => resolve(false));
  });
  socket.write(frameOf('Metadata', 9, metadataRequest(['innocent'])));
  return await answer;
}

describe('limits', { concurrency: false }, () => {
  test('max.connections.per.ip, max.connections, max.connection.creation.rate', async () => {
    const attacked = await Attacked.start({
      overrides: {
        'max.connections': 40,
        'max.connections.per.ip.overrides': '127.0.0.3:2',
        'max.connection.creation.rate': 50,
        'socket.listen.backlog.size': 20,
      },
    });
    try {
      const { port } = attacked.broker;
      const few = await Promise.all([1, 2, 3, 4].map(() => openSocket(port, '127.0.0.3')));
      assert.deepEqual((await Promise.all(few.map(isServed))).sort(), [false, false, true, true]);
      await attacked.untilLines(
        /WARN connection refused: its address has as many as it may address=127.0.0.3 limit=2/,
        2,
      );

      // 2 of the innocent, 2 of before.
      const many = await Promise.all(Array.from({ length: 36 }, () => openSocket(port)));
      assert.ok((await Promise.all(many.map(isServed))).every((is) => is));
      const late = await openSocket(port);
      let isLate = false;
      const served = isServed(late).then((is) => {
        isLate = is;
      });
      await attacked.untilLines(/connections wait: max.connections/, 1);
      await attacked.innocent.check();
      assert.equal(isLate, false);
      many[0]?.destroy();
      await served;
      assert.equal(isLate, true);

      // More than may wait are turned away.
      const crowd = await openCrowd(attacked, 60);
      for (const socket of crowd) socket.resume();
      await until(
        () => crowd.filter((socket) => socket.readableEnded || socket.closed).length >= 20,
        'the end of most',
      );
      await attacked.innocent.check();
      for (const socket of [...few, ...many, ...crowd, late]) socket.destroy();
      await attacked.untilState('the innocent alone', ({ main }) => main.connections === 2);
      const client = await attacked.open();
      await client.ask('Metadata', 9, metadataRequest(['innocent']));
      client.close();
    } finally {
      await attacked.close();
    }
  });

  test('connections.max.idle.ms', async () => {
    const attacked = await Attacked.start({ overrides: { 'connections.max.idle.ms': 1500 } });
    try {
      const silent = await openSocket(attacked.broker.port);
      const inRequest = await openSocket(attacked.broker.port);
      inRequest.write(Buffer.from('00001000 0003', 'hex'));
      const deaf = await openSocket(attacked.broker.port);
      deaf.write(frameOf('Metadata', 9, metadataRequest(['innocent'])));
      for (const socket of [silent, inRequest, deaf]) {
        await ended(socket);
        socket.destroy();
      }
      await attacked.innocent.check();
      await attacked.untilState('the innocent alone', ({ main }) => main.connections === 2);
    } finally {
      await attacked.close();
    }
  });

  test('no descriptors left: connections are refused with a line, logs still open their files', async () => {
    const attacked = await Attacked.start({ under: ['sh', '-c', 'ulimit -n 160; exec "$@"', 'sh'] });
    try {
      const admin = await attacked.open();
      const crowd = await openCrowd(attacked, 200);
      await attacked.untilLines(/WARN connection refused: too many files are open/, 1);
      await attacked.innocent.check();
      // New files in all directions.
      await createTopic(admin, 'late', 20);
      await attacked.innocent.check();
      for (const socket of crowd) socket.destroy();
      await attacked.untilState('an end of the crowd', ({ main }) => main.connections <= 3);
      const client = await RawClient.open(attacked.broker.port);
      await client.ask('Metadata', 9, metadataRequest(['late']));
      client.close();
      admin.close();
      assert.deepEqual(attacked.lines(/ERROR|EMFILE/), []);
    } finally {
      await attacked.close();
    }
  });
});
