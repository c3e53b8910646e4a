/** Every message of the kit by its Kafka name, for tests that walk over all of them. */
import { globSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Message } from '../../../src/protocol/message.ts';

const root = fileURLToPath(new URL('../../../src/protocol/', import.meta.url));

async function load(): Promise<ReadonlyMap<string, Message>> {
  const messages = new Map<string, Message>();
  for (const file of globSync(['schema/*.ts', 'record/*/*.ts'], { cwd: root }).toSorted()) {
    const module = (await import(pathToFileURL(root + file).href)) as Record<string, unknown>;
    for (const value of Object.values(module)) {
      if (value instanceof Message) messages.set(value.name, value);
    }
  }
  return messages;
}

export const ALL_MESSAGES: ReadonlyMap<string, Message> = await load();
