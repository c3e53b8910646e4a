/**
 * The net port over node:net.
 *
 * An accepted connection is paused (`pauseOnConnect`) until its shard reads it. With the addon its descriptor is duplicated, our own
 * handle closed, and the number handed over; without the addon Node transfers the socket itself in a message. Either way the
 * shard builds a socket with `onread`, so that bytes go where it says.
 */
import { readSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

import type { Native } from '../port/native.ts';
import type { Arrived, FileReader, Handed, Listening, ListenFailure, ListenOptions, NetHost } from '../port/net.ts';
import { adoptSocket, handleOf, plainAddress } from './net-wire.ts';

const ENFILE = -23;
const EMFILE = -24;

export function hostNet(native: Native): NetHost {
  return {
    listen: (options, arrived) => listen(native, options, arrived),
    adopt: (handed, receiver, buffers) => adoptSocket(native, handed, receiver, buffers),
  };
}

export const hostFileReader: FileReader = {
  readAt(descriptor, into, offset, size, position) {
    try {
      return readSync(descriptor, into, offset, size, position);
    } catch (error) {
      return (error as NodeJS.ErrnoException).errno ?? -1;
    }
  },
};

function listen(
  native: Native,
  options: ListenOptions,
  arrived: (connection: Arrived) => void,
): Promise<Listening | ListenFailure> {
  return new Promise((resolve) => {
    const server = createServer(
      { pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true },
      (socket) => arrived(arrivedOf(native, socket)),
    );
    const failed = (error: NodeJS.ErrnoException): void => {
      resolve({ code: error.code ?? 'UNKNOWN', message: error.message });
    };
    server.once('error', failed);
    const address = { port: options.port, backlog: options.backlog };
    server.listen(options.host === '' ? address : { ...address, host: options.host }, () => {
      server.removeListener('error', failed);
      // A failed accept is reported here; the connection is lost, the listener is not. Where no descriptor is left, the runtime closes
      // what arrives and tells nobody.
      server.on('error', () => undefined);
      const bound = server.address();
      const port = bound !== null && typeof bound === 'object' ? bound.port : options.port;
      resolve({ port, stop: () => server.close() });
    });
  });
}

function arrivedOf(native: Native, socket: Socket): Arrived {
  // A reset between accepting and handing over is an event of a socket that nobody reads.
  socket.on('error', () => undefined);
  return {
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    handOver: (limit = Number.POSITIVE_INFINITY) => handOver(native, socket, limit),
    destroy: () => {
      socket.destroy();
    },
  };
}

function handOver(native: Native, socket: Socket, limit: number): Handed | 'no descriptor' | null {
  const handle = handleOf(socket);
  if (handle === null || socket.destroyed) return null;
  const descriptor = native.dup(handle.fd);
  if (descriptor === EMFILE || descriptor === ENFILE) return 'no descriptor';
  if (descriptor >= limit) {
    native.closeFd(descriptor);
    return 'no descriptor';
  }
  if (descriptor < 0) return { kind: 'socket', socket };
  socket.destroy();
  return { kind: 'descriptor', descriptor };
}
