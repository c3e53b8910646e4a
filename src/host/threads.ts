/**
 * Worker threads: their entries, their start, their end and its reason.
 *
 * Each thread listens on its port to main, which keeps it alive: what it waits for otherwise (a doorbell) would not.
 */
import { isMainThread, parentPort, type Transferable, Worker, workerData } from 'node:worker_threads';
import type { ThisThread, Thread, ThreadEnd, ThreadEntry, ThreadStart } from '../port/threads.ts';

/** All entries: file names without their ending, beside the bundle or in src/. */
const ENTRY_FILES: Readonly<Record<ThreadEntry | 'background', string>> = {
  control: 'control-main',
  shard: 'shard-main',
  background: 'background-main',
};

/** The file of a thread's entry. In development this file is src/host/threads.ts, in the bundle it is a piece of dist/. */
export function entryUrl(entry: ThreadEntry | 'background'): URL {
  const file = ENTRY_FILES[entry];
  return new URL(import.meta.url.endsWith('.ts') ? `../${file}.ts` : `./${file}.js`, import.meta.url);
}

interface Envelope {
  readonly data: unknown;
  readonly name: string;
}

/** What goes over the port: words of this module, or what the owner of the thread sends. */
type PortMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'closing' }
  | { readonly kind: 'user'; readonly message: unknown };

/** Starts a thread. `url` replaces the entry's file, for tests. */
export function startThread(start: ThreadStart, url: URL = entryUrl(start.entry)): Thread {
  const envelope: Envelope = { data: start.data, name: start.name };
  const worker = new Worker(url, {
    name: start.name,
    workerData: envelope,
    resourceLimits: {
      ...(start.oldSpaceMb === undefined ? {} : { maxOldGenerationSizeMb: start.oldSpaceMb }),
      ...(start.youngSpaceMb === undefined ? {} : { maxYoungGenerationSizeMb: start.youngSpaceMb }),
    },
  });
  let failure: ThreadEnd | null = null;
  let stopping = false;
  const { promise: ready, resolve: isReady, reject: isNot } = Promise.withResolvers<void>();
  ready.catch(() => {
    // The end is told by `ended`; whoever awaits `ready` learns it there too.
  });
  worker.on('message', (message: PortMessage) => {
    if (message.kind === 'ready') isReady();
    else if (message.kind === 'closing') stopping = true;
    else start.received?.(message.message);
  });
  worker.on('error', (error: unknown) => {
    failure = failureOf(error);
  });
  worker.on('messageerror', (error: unknown) => {
    failure = failureOf(error);
    void worker.terminate();
  });
  worker.on('exit', (code) => {
    const end: ThreadEnd = failure ?? (stopping ? { kind: 'stopped' } : { kind: 'exited', code });
    isNot(new Error(`${start.name} ended before it was ready`));
    start.ended(end);
  });
  return {
    name: start.name,
    ready,
    send: (message, transfer) => worker.postMessage(message, (transfer ?? []) as Transferable[]),
    async stop() {
      stopping = true;
      await worker.terminate();
    },
  };
}

function failureOf(error: unknown): ThreadEnd {
  if (!(error instanceof Error)) return { kind: 'failed', message: String(error), stack: '' };
  return { kind: 'failed', message: error.message, stack: error.stack ?? '' };
}

/** The thread that this runs on, which `startThread` started. */
export function thisThread<Data>(): ThisThread<Data> {
  const port = parentPort;
  if (isMainThread || port === null) throw new Error('this is not a thread that was started');
  const { data, name } = workerData as Envelope;
  // A listener keeps the port, and with it the thread, alive.
  let listener: (message: unknown) => void = () => {};
  port.on('message', (message: unknown) => listener(message));
  const post = (message: PortMessage): void => port.postMessage(message);
  return {
    data: data as Data,
    name,
    ready: () => post({ kind: 'ready' }),
    send: (message) => post({ kind: 'user', message }),
    onMessage: (next) => {
      listener = next;
    },
    close() {
      post({ kind: 'closing' });
      port.close();
    },
  };
}
