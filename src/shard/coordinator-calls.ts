/**
 * Asks the coordinator of a group or of a transaction, wherever it lives, and answers for those that live here: both ends of `coordinatorCall` and
 * `coordinatorAnswer`. On a shard's thread; one a shard. Where asker and owner are one thread the objects are handed over as they are.
 *
 * What waits for answers is bounded by the requests that connections may have in work.
 */
import { EMPTY_BYTES } from '../base/bytes.ts';
import type { CoordinatorResult } from '../coordinator/answers.ts';
import type { Client } from '../machine/group/decision.ts';
import { type GroupApi, isTransactionApi, type TransactionApi } from '../protocol/coordinator-key.ts';
import { ERRORS } from '../protocol/errors.ts';
import { type Message, message } from '../protocol/message.ts';
import { APIS, apiNameOfKey, type RequestOf, type ResponseOf } from '../protocol/schema/index.ts';
import { bytes, string } from '../protocol/schema-language.ts';
import type { GroupCoordinators } from './group-coordinators.ts';
import type { Mailbox } from './mailbox.ts';
import type { HandlersOf } from './message-kit.ts';
import type { Messages } from './messages.ts';
import { ownerOf } from './routing.ts';
import { FIRST_SHARD } from './shared-block.ts';
import type { TransactionCoordinators } from './transaction-coordinators.ts';
import type { Uuid } from '../base/uuid.ts';

const coordinatorCall = message('CoordinatorCall', {
  versions: '0',
  flexible: 'none',
  fields: { clientId: string('0+'), clientHost: string('0+'), body: bytes('0+') },
});

/** APIs that a coordinator answers. */
export type CoordinatorApi = GroupApi | TransactionApi;

/** Those that ask every coordinator. */
export type ListApi = 'ListGroups' | 'ListTransactions';

export type CoordinatorAnswerOf<N extends CoordinatorApi> =
  | { readonly ok: true; readonly response: ResponseOf<N> }
  | { readonly ok: false; readonly errorCode: number };

export interface CoordinatorCallsParts {
  readonly self: number;
  readonly shardCount: number;
  readonly mailbox: Mailbox<'shard'>;
  readonly groups: GroupCoordinators;
  readonly transactions: TransactionCoordinators;
}

export interface CoordinatorAsk<N extends CoordinatorApi> {
  readonly api: N;
  readonly version: number;
  readonly request: RequestOf<N>;
  readonly client: Client;
}

/** In the place of a partition: all coordinators of a shard. */
const ALL = -1;

type Answered = (errorCode: number, payload: Buffer) => void;

/** The coordinators of one kind on this shard; the event and the answer are of one API. */
interface Kind {
  ask(partition: number, event: unknown, done: (result: CoordinatorResult<unknown>) => void): void;
  askAll(event: unknown, done: (answers: readonly unknown[], errorCode: number) => void): void;
}

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
  ask<N extends CoordinatorApi>(
    topicId: Uuid,
    partition: number,
    ask: CoordinatorAsk<N>,
    done: (answer: CoordinatorAnswerOf<N>) => void,
  ): void {
    const { self, shardCount } = this.#parts;
    const owner = ownerOf(topicId, partition, shardCount);
    if (owner === self) {
      this.#kindOf(ask.api).ask(partition, eventOf(ask), (result) => {
        if (!result.ok) done(result);
        else if (result.answer === null) done(UNANSWERED);
        else done({ ok: true, response: result.answer as ResponseOf<N> });
      });
      return;
    }
    this.#send(owner, partition, ask, done);
  }

  /** Asks every coordinator of every shard for what it has: one response a shard. */
  askAll<N extends ListApi>(ask: CoordinatorAsk<N>, done: (responses: ResponseOf<N>[]) => void): void {
    const { self, shardCount } = this.#parts;
    const responses: ResponseOf<N>[] = [];
    let open = shardCount;
    const add = (response: ResponseOf<N>): void => {
      responses.push(response);
      if (--open === 0) done(responses);
    };
    for (let shard = FIRST_SHARD; shard < FIRST_SHARD + shardCount; shard++) {
      if (shard === self) {
        this.#kindOf(ask.api).askAll(eventOf(ask), (lists, errorCode) => add(joined(ask.api, lists, errorCode)));
      } else {
        this.#send(shard, ALL, ask, (answer) =>
          add(answer.ok ? answer.response : joined(ask.api, [], answer.errorCode)),
        );
      }
    }
  }

  #kindOf(api: CoordinatorApi): Kind {
    const { groups, transactions } = this.#parts;
    return isTransactionApi(api) ? transactions : groups;
  }

  #send<N extends CoordinatorApi>(
    owner: number,
    partition: number,
    { api, version, request, client }: CoordinatorAsk<N>,
    done: (answer: CoordinatorAnswerOf<N>) => void,
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
    const { mailbox } = this.#parts;
    const { clientId, clientHost, body } = coordinatorCall.decode(0, payload);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these are sent
    const api = apiNameOfKey(apiKey) as CoordinatorApi;
    const coordinators = this.#kindOf(api);
    const { requests, responses } = wireOf(api);
    const event = eventOf({ api, version, request: requests.decode(version, body), client: { clientId, clientHost } });
    const answer = (errorCode: number, bytes: Buffer): void => {
      mailbox.noteInTurn('coordinatorAnswer', from, { call, errorCode, payload: bytes });
    };
    if (partition === ALL) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only these are asked of all
      const list = api as ListApi;
      coordinators.askAll(event, (lists, errorCode) => {
        answer(ERRORS.NONE, wireOf(list).responses.encode(version, joined(list, lists, errorCode)));
      });
      return;
    }
    coordinators.ask(partition, event, (result) => {
      if (!result.ok) answer(result.errorCode, EMPTY_BYTES);
      else if (result.answer === null) answer(UNANSWERED.errorCode, EMPTY_BYTES);
      else answer(ERRORS.NONE, responses.encode(version, result.answer as ResponseOf<CoordinatorApi>));
    });
  }
}

/** An API that the machine has no row for. */
const UNANSWERED = { ok: false, errorCode: ERRORS.UNSUPPORTED_VERSION } as const;

interface Wire<N extends CoordinatorApi> {
  readonly key: number;
  readonly requests: Message<RequestOf<N>, RequestOf<N>>;
  readonly responses: Message<ResponseOf<N>, ResponseOf<N>>;
}

function wireOf<N extends CoordinatorApi>(api: N): Wire<N> {
  const { key, request, response } = APIS[api];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row and the name are of one API
  return { key, requests: request, responses: response } as unknown as Wire<N>;
}

function eventOf<N extends CoordinatorApi>({ api, version, request, client }: CoordinatorAsk<N>): unknown {
  return { kind: api, version, request, client };
}

/** The lists of several coordinators as one. */
function joined<N extends ListApi>(api: N, lists: readonly unknown[], errorCode: number): ResponseOf<N> {
  return JOIN[api](lists as never[], errorCode);
}

const JOIN: { readonly [N in ListApi]: (lists: readonly ResponseOf<N>[], errorCode: number) => ResponseOf<N> } = {
  ListGroups(lists, errorCode) {
    const groups = lists.flatMap((list) => list.groups);
    return { throttleTimeMs: 0, errorCode, groups: errorCode === ERRORS.NONE ? groups : [] };
  },
  ListTransactions(lists, errorCode) {
    const failed = errorCode === ERRORS.NONE ? lists.find((list) => list.errorCode !== ERRORS.NONE) : undefined;
    const code = failed?.errorCode ?? errorCode;
    const transactionStates = code === ERRORS.NONE ? lists.flatMap((list) => list.transactionStates) : [];
    const unknownStateFilters = lists[0]?.unknownStateFilters ?? [];
    return { throttleTimeMs: 0, errorCode: code, unknownStateFilters, transactionStates };
  },
};
