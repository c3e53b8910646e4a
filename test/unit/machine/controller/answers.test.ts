/**
 * The controller gives the answers that Apache Kafka 4.4.0 gave: `kafka-4.4-answers.json` holds requests that were sent to it one after the
 * other, with what it answered. `@name` stands for a topic's id, `@` for a new one, `"..."` for settings that were left out.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { uuidFromText, uuidToText } from '../../../../src/base/uuid.ts';
import type { ControllerEvent } from '../../../../src/machine/controller/decision.ts';
import { APIS } from '../../../../src/protocol/schema/index.ts';
import { Bench } from './fixture.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };
interface Exchange {
  readonly api: 'CreateTopics' | 'DeleteTopics' | 'CreatePartitions';
  readonly version: number;
  readonly request: JsonObject;
  readonly response: JsonObject;
}

const path = join(import.meta.dirname, 'kafka-4.4-answers.json');
const exchanges = JSON.parse(readFileSync(path, 'utf8')) as Exchange[];

/** A field as decoded: text of an id becomes the id. */
function decoded(value: Json, bench: Bench, name = ''): unknown {
  if (name === 'topicId' && typeof value === 'string') {
    if (value.startsWith('@')) return bench.image.topics.byName(value.slice(1))?.id;
    return uuidFromText(value);
  }
  if (Array.isArray(value)) return value.map((one) => decoded(one, bench));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decoded(one, bench, key)]));
}

function eventOf({ api, version, request }: Exchange, bench: Bench): ControllerEvent {
  const defaults = api === 'DeleteTopics' ? { topics: [], topicNames: [] } : {};
  const whole = { ...defaults, ...(decoded(request, bench) as object) };
  return { kind: api, version, request: whole } as unknown as ControllerEvent;
}

const LISTS = ['topics', 'responses', 'results'];
const sortKey = (one: Json): string => {
  const { name, topicId, errorCode } = one as JsonObject;
  return JSON.stringify([name, topicId, errorCode]);
};

/** As the response goes over the wire and as Kafka's was written down; Kafka's order is that of a hash map. */
function comparable({ api, version }: Exchange, answer: Json, names: ReadonlyMap<string, string>): Json {
  const object = structuredClone(answer) as JsonObject;
  for (const list of LISTS) {
    const items = object[list];
    if (!Array.isArray(items)) continue;
    for (const item of items as JsonObject[]) {
      const id = item['topicId'];
      if (typeof id === 'string' && names.has(id)) item['topicId'] = `@${names.get(id)}`;
      if (api === 'CreateTopics' && item['errorCode'] === 0) {
        if ('topicId' in item) item['topicId'] = '@';
        if ('configs' in item && item['name'] !== 'last') item['configs'] = '...';
      }
    }
    if (api !== 'CreateTopics') object[list] = items.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  }
  return version < 0 ? null : object;
}

function asJson({ api, version }: Exchange, answer: unknown): Json {
  const codec = APIS[api].response as { toJsonValue(version: number, message: unknown): unknown };
  return JSON.parse(JSON.stringify(codec.toJsonValue(version, answer))) as Json;
}

test('requests in turn get the answers that Kafka 4.4 gave', async (context) => {
  const bench = new Bench().start();
  const names = new Map<string, string>();
  for (const [index, exchange] of exchanges.entries()) {
    const title = `${index} ${exchange.api} ${JSON.stringify(exchange.request).slice(0, 100)}`;
    await context.test(title, () => {
      for (const topic of bench.image.topics) names.set(uuidToText(topic.id), topic.name);
      const answer = asJson(exchange, bench.run(eventOf(exchange, bench)));
      assert.deepEqual(comparable(exchange, answer, names), comparable(exchange, exchange.response, names));
    });
  }
});
