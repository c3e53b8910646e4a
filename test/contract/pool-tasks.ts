/** Tasks for the pool's contract. */
import { threadId } from 'node:worker_threads';

export default async function run({ name, input }: { name: string; input: unknown }): Promise<unknown> {
  if (name === 'fail') throw new RangeError(`no ${String(input)}`);
  if (name === 'exit') process.exit(7);
  if (name === 'wait') {
    const { words, at } = input as { words: SharedArrayBuffer; at: number };
    const cells = new Int32Array(words);
    Atomics.add(cells, 0, 1);
    while (Atomics.load(cells, at) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    Atomics.sub(cells, 0, 1);
    return at;
  }
  return { name, input, elsewhere: threadId !== 0 };
}
