/**
 * Asks the owners of many partitions one question each and puts the answers back into the order of the question.
 *
 *   items [a b c d] ─▶ by owner {2: [a c], 3: [b d]} ─▶ mine: the objects themselves · others': one `partitionCall` each
 *   results [A B C D] ◀─ when the last owner has answered
 *
 * Lives on the thread that asks. A question to an owner without credit is parked in the mailbox's queue, which is bounded by the
 * requests that connections may have in work.
 */
import type { Uuid } from '../base/uuid.ts';
import type { Message } from '../protocol/message.ts';
import type { Mailbox } from './mailbox.ts';
import {
  deleteRecordsCall,
  deleteRecordsResults,
  type DeleteRecordsCall,
  type DeleteRecordsResult,
  describeProducersCall,
  describeProducersResults,
  type DescribeProducersCall,
  type DescribeProducersResult,
  epochEndCall,
  epochEndResults,
  type EpochEndCall,
  type EpochEndResult,
  fetchCall,
  fetchResults,
  type FetchCall,
  type FetchResult,
  listOffsetsCall,
  listOffsetsResults,
  type ListOffsetsCall,
  type ListOffsetsResult,
} from './owner-calls.ts';
import { ownerOf } from './routing.ts';

/** The kinds of questions: what is asked, and one result an item. */
export interface Questions {
  fetch: { call: FetchCall; result: FetchResult };
  listOffsets: { call: ListOffsetsCall; result: ListOffsetsResult };
  epochEnd: { call: EpochEndCall; result: EpochEndResult };
  deleteRecords: { call: DeleteRecordsCall; result: DeleteRecordsResult };
  describeProducers: { call: DescribeProducersCall; result: DescribeProducersResult };
}

export type QuestionName = keyof Questions;

interface Wire<N extends QuestionName> {
  /** The number in the `partitionCall` message. */
  readonly number: number;
  readonly call: Message<Questions[N]['call'], Questions[N]['call']>;
  readonly results: Message<
    { results: Questions[N]['result'][] },
    { readonly results: readonly Questions[N]['result'][] }
  >;
}

export const WIRE: { readonly [N in QuestionName]: Wire<N> } = {
  fetch: { number: 0, call: fetchCall, results: fetchResults },
  listOffsets: { number: 1, call: listOffsetsCall, results: listOffsetsResults },
  epochEnd: { number: 2, call: epochEndCall, results: epochEndResults },
  deleteRecords: { number: 3, call: deleteRecordsCall, results: deleteRecordsResults },
  describeProducers: { number: 4, call: describeProducersCall, results: describeProducersResults },
};

export const QUESTION_NAMES: readonly QuestionName[] = [
  'fetch',
  'listOffsets',
  'epochEnd',
  'deleteRecords',
  'describeProducers',
];

/** Answers a question about partitions of this thread: results in the order of the items. */
export type AnswerHere = <N extends QuestionName>(
  name: N,
  call: Questions[N]['call'],
  done: (results: Questions[N]['result'][]) => void,
) => void;

interface Item {
  readonly topicId: Uuid;
  readonly partition: number;
}

/** What one owner is asked about: the items, and where their results belong. */
interface Share<N extends QuestionName> {
  readonly items: Questions[N]['call']['items'];
  readonly places: number[];
}

export class Scatter {
  readonly #self: number;
  readonly #shardCount: number;
  readonly #mailbox: Mailbox<'shard'>;
  readonly #answerHere: AnswerHere;

  constructor(self: number, shardCount: number, mailbox: Mailbox<'shard'>, answerHere: AnswerHere) {
    this.#self = self;
    this.#shardCount = shardCount;
    this.#mailbox = mailbox;
    this.#answerHere = answerHere;
  }

  owner(topicId: Uuid, partition: number): number {
    return ownerOf(topicId, partition, this.#shardCount);
  }

  /** Calls `done` once with a result for each item, in order; inside the call where all partitions are this thread's and at hand. */
  ask<N extends QuestionName>(
    name: N,
    call: Questions[N]['call'],
    done: (results: Questions[N]['result'][]) => void,
  ): void {
    const shares = this.#split<N>(call.items);
    if (shares.size === 0) {
      done([]);
      return;
    }
    if (shares.size === 1) {
      const [owner] = shares.keys();
      this.#askOwner(name, owner as number, call, done);
      return;
    }
    const results = new Array<Questions[N]['result']>(call.items.length);
    let open = shares.size;
    for (const [owner, share] of shares) {
      this.#askOwner(name, owner, { ...call, items: share.items }, (part) => {
        for (let i = 0; i < part.length; i++) results[share.places[i] as number] = part[i] as Questions[N]['result'];
        if (--open === 0) done(results);
      });
    }
  }

  #split<N extends QuestionName>(items: readonly Item[]): Map<number, Share<N>> {
    const shares = new Map<number, Share<N>>();
    for (let place = 0; place < items.length; place++) {
      const item = items[place] as Item;
      const owner = this.owner(item.topicId, item.partition);
      let share = shares.get(owner);
      if (!share) shares.set(owner, (share = { items: [] as Questions[N]['call']['items'], places: [] }));
      (share.items as Item[]).push(item);
      share.places.push(place);
    }
    return shares;
  }

  #askOwner<N extends QuestionName>(
    name: N,
    owner: number,
    call: Questions[N]['call'],
    done: (results: Questions[N]['result'][]) => void,
  ): void {
    if (owner === this.#self) {
      this.#answerHere(name, call, done);
      return;
    }
    const wire: Wire<N> = WIRE[name];
    const payload = wire.call.encode(0, call);
    this.#mailbox.callInTurn('partitionCall', owner, { kind: wire.number, payload }, (answer) => {
      done(wire.results.decode(0, answer.payload).results);
    });
  }
}
