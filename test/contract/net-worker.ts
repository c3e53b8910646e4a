/** The other thread of net.test.ts: adopts what it is sent and answers what it receives. */
import { parentPort } from 'node:worker_threads';
import { loadNative } from '../../src/host/addon.ts';
import { hostNet } from '../../src/host/net.ts';
import type { Handed } from '../../src/port/net.ts';

const net = hostNet(loadNative().native);

parentPort?.on('message', (handed: Handed) => {
  const memory = Buffer.alloc(100);
  const wire = net.adopt(handed, {
    buffer: () => memory,
    received(size) {
      wire?.write(Buffer.from(`worker: ${memory.toString('latin1', 0, size)}`));
      return true;
    },
    ended: () => wire?.endSoon(),
    written: () => undefined,
    closed: (code) => parentPort?.postMessage({ closed: code }),
  });
});
