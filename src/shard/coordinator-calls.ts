/**
 * Asks the coordinator of a group, wherever it lives, and answers for those that live here: both ends of `coordinatorCall` and
 * `coordinatorAnswer`. On a shard's thread; one a shard. Where asker and owner are one thread the objects are handed over as they are.
 *
 * What waits for answers is bounded by the requests that connections may have in work.
 */
import { EMPTY_BYTES } from '../base/bytes.ts';
import type { Client, GroupEvent } from '../machine/group/decision.ts';
import type { GroupApi } from '../protocol/coordinator-key.ts';
import { ERRORS } from '../protocol/errors.ts';
import { type Message, message } from '../protocol/message.ts';
import { APIS, apiNameOfKey, type RequestOf, type ResponseOf } from '../protocol/schema/index.ts';
import { bytes, string } from '../protocol/schema-language.ts';
import type { GroupCoordinators } from './coordinators.ts';
import type { Mailbox } from './mailbox.ts';
import type { HandlersOf } from './message-kit.ts';
import type { Messages } from './messages.ts';
import { ownerOf } from './routing.ts';
import { FIRST_SHARD } from './shared-block.ts';
import type { Uuid } from '../base/uuid.ts';

const coordinatorCall = message('CoordinatorCall', {
  versions: '0',
  flexible: 'none',
  fields: { clientId: string('0+'), clientHost: string('0+'), body: bytes('0+') },
});

export type GroupAnswerOf<N extends GroupApi> =
  | { readonly ok: true; readonly response: ResponseOf<N> }
  | { readonly ok: false; readonly errorCode: number };

export interface CoordinatorCallsParts {
  readonly self: number;
  readonly shardCount: number;
  readonly mailbox: Mailbox<'shard'>;
  readonly coordinators: GroupCoordinators;
}

export interface GroupAsk<N extends GroupApi> {
  readonly api: N;
  readonly version: number;
  readonly request: RequestOf<N>;
  readonly client: Client;
}

/** In the place of a partition: all coordinators of a shard. */
const ALL = -1;

type Answered = (errorCode: number, payload: Buffer) => void;

export class CoordinatorCalls {
  readonly #parts: CoordinatorCallsParts;
  readonly #waiting = new Map<number, Answered>();
  #nextCall = 1;

  constructor(parts: CoordinatorCallsParts) {
    this.#parts = parts;
  }

  /** Calls that other shards have not answered yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  // ---- asking

  /** Asks the coordinator in this partition of the topic; `done` is called once. */
  ask<N extends GroupApi>(
    topicId: Uuid,
    partition: number,
    ask: GroupAsk<N>,
    done: (answer: GroupAnswerOf<N>) => void,
  ): void {
    const { self, shardCount, coordinators } = this.#parts;
    const owner = ownerOf(topicId, partition, shardCount);
    if (owner === self) {
      coordinators.ask(partition, eventOf(ask), (result) => {
        if (!result.ok) done(result);
        else if (result.answer === null) done(UNANSWERED);
        else done({ ok: true, response: result.answer as ResponseOf<N> });
      });
      return;
    }
    this.#send(owner, partition, ask, done);
  }

  /** Asks every coordinator of every shard for its groups: one response a shard. */
  askAll(ask: GroupAsk<'ListGroups'>, done: (responses: ResponseOf<'ListGroups'>[]) => void): void {
    const { self, shardCount, coordinators } = this.#parts;
    const responses: ResponseOf<'ListGroups'>[] = [];
    let open = shardCount;
    const add = (response: ResponseOf<'ListGroups'>): void => {
      responses.push(response);
      if (--open === 0) done(responses);
    };
    for (let shard = FIRST_SHARD; shard < FIRST_SHARD + shardCount; shard++) {
      if (shard === self) coordinators.askAll(eventOf(ask), (lists, errorCode) => add(joined(lists, errorCode)));
      else {
        this.#send(shard, ALL, ask, (answer) => {
          add(answer.ok ? answer.response : { throttleTimeMs: 0, errorCode: answer.errorCode, groups: [] });
        });
      }
    }
  }

  #send<N extends GroupApi>(
    owner: number,
    partition: number,
    { api, version, request, client }: GroupAsk<N>,
    done: (answer: GroupAnswerOf<N>) => void,
  ): void {
    const { requests, responses, key } = wireOf(api);
    const call = this.#nextCall++;
    this.#waiting.set(call, (errorCode, payload) => {
      if (errorCode !== ERRORS.NONE) done({ ok: false, errorCode });
      else done({ ok: true, response: responses.decode(version, payload) });
    });
    const body = requests.encode(version, request);
    const payload = coordinatorCall.encode(0, { ...client, body });
    this.#parts.mailbox.noteInTurn('coordinatorCall', owner, {
      call,
      partition,
      apiKey: key,
      apiVersion: version,
      payload,
    });
  }

  // ---- answering

  handlers(): Pick<HandlersOf<Messages, 'shard'>, 'coordinatorCall' | 'coordinatorAnswer'> {
    return {
      coordinatorCall: ({ call, partition, apiKey, apiVersion, payload }, from) => {
        // The state keeps parts of a request, and the payload is another thread's memory.
        this.#asked(from, call, partition, apiKey, apiVersion, Buffer.from(payload));
      },
      coordinatorAnswer: ({ call, errorCode, payload }) => {
        const answered = this.#waiting.get(call);
        this.#waiting.delete(call);
        answered?.(errorCode, Buffer.from(payload));
      },
    };
  }

  #asked(from: number, call: number, partition: number, apiKey: number, version: number, payload: Buffer): void {
    const { mailbox, coordinators } = this.#parts;
    const { clientId, clientHost, body } = coordinatorCall.decode(0, payload);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these are sent
    const api = apiNameOfKey(apiKey) as GroupApi;
    const { requests, responses } = wireOf(api);
    const event = eventOf({ api, version, request: requests.decode(version, body), client: { clientId, clientHost } });
    const answer = (errorCode: number, bytes: Buffer): void => {
      mailbox.noteInTurn('coordinatorAnswer', from, { call, errorCode, payload: bytes });
    };
    if (partition === ALL) {
      coordinators.askAll(event, (lists, errorCode) => {
        answer(ERRORS.NONE, wireOf('ListGroups').responses.encode(version, joined(lists, errorCode)));
      });
      return;
    }
    coordinators.ask(partition, event, (result) => {
      if (!result.ok) answer(result.errorCode, EMPTY_BYTES);
      else if (result.answer === null) answer(UNANSWERED.errorCode, EMPTY_BYTES);
      else answer(ERRORS.NONE, responses.encode(version, result.answer));
    });
  }
}

/** An API that the machine has no row for. */
const UNANSWERED = { ok: false, errorCode: ERRORS.UNSUPPORTED_VERSION } as const;

interface Wire<N extends GroupApi> {
  readonly key: number;
  readonly requests: Message<RequestOf<N>, RequestOf<N>>;
  readonly responses: Message<ResponseOf<N>, ResponseOf<N>>;
}

function wireOf<N extends GroupApi>(api: N): Wire<N> {
  const { key, request, response } = APIS[api];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row and the name are of one API
  return { key, requests: request, responses: response } as unknown as Wire<N>;
}

function eventOf<N extends GroupApi>({ api, version, request, client }: GroupAsk<N>): GroupEvent {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kind of an event and its request go together
  return { kind: api, version, request, client } as unknown as GroupEvent;
}

function joined(lists: readonly unknown[], errorCode: number): ResponseOf<'ListGroups'> {
  const responses = lists as readonly ResponseOf<'ListGroups'>[];
  const groups = responses.flatMap((response) => response.groups);
  return { throttleTimeMs: 0, errorCode, groups: errorCode === ERRORS.NONE ? groups : [] };
}
