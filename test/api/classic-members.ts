/**
 * Members of classic groups, as the scenarios of JoinGroup, SyncGroup, Heartbeat, LeaveGroup and DescribeGroups play them. Each member has
 * a connection of its own; ids are told by the names of the members, in the order in which they came.
 */
import { ERRORS } from '../../src/protocol/errors.ts';
import type { DecodedResponseOf, RequestInputOf } from '../../src/protocol/schema/index.ts';
import { servedVersions } from '../harness/client.ts';
import type { Session } from '../harness/session.ts';

export type ClassicApi = 'JoinGroup' | 'SyncGroup' | 'Heartbeat' | 'LeaveGroup' | 'DescribeGroups';
/** Not a session's own: subscriptions are told as bytes. */
export const TOPIC = 'classic-members-subscribe-to-it';
type Join = Partial<RequestInputOf<'JoinGroup'>>;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A subscription to these topics (ConsumerProtocolSubscription, version 0). */
export function subscription(...topics: string[]): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt32BE(topics.length, 2);
  const names = topics.map((topic) => Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic)]));
  return Buffer.concat([head, ...names, Buffer.from([255, 255, 255, 255])]);
}

/** One classic group and what is told of it. */
export class Members {
  readonly session: Session;
  readonly api: ClassicApi;
  readonly groupId: string;
  readonly #names = new Map<string, string>();
  readonly #connections: Session[] = [];

  /** `api` is asked in the version under test, the others in their newest. */
  constructor(session: Session, api: ClassicApi, groupId: string) {
    this.session = session;
    this.api = api;
    this.groupId = groupId;
  }

  version(api: ClassicApi): number {
    return api === this.api ? this.session.version : (servedVersions(api).at(-1) as number);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** From now on an id is told by this name. */
  name(memberId: string, name: string): void {
    this.#names.set(memberId, `<${name}>`);
  }

  tell(label: string, answer: unknown): void {
    this.session.tell(label, this.#masked(answer));
  }

  #masked(value: unknown): unknown {
    if (typeof value === 'string') return this.#names.get(value) ?? value;
    if (Array.isArray(value)) {
      const all = value.map((each) => this.#masked(each));
      // Kafka's order of members is that of a hash map.
      const id = (each: unknown): string => (each as { memberId?: string }).memberId ?? '';
      return all.toSorted((a, b) => (id(a) < id(b) ? -1 : id(a) > id(b) ? 1 : 0));
    }
    if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#masked(each)]));
  }

  // ---- requests

  async ask<N extends ClassicApi>(label: string, api: N, request: RequestInputOf<N>): Promise<DecodedResponseOf<N>> {
    const answer = await this.session.quietly(api, this.version(api), request);
    this.tell(label, answer);
    return answer;
  }

  joinRequest(more: Join = {}): RequestInputOf<'JoinGroup'> {
    return {
      groupId: this.groupId,
      sessionTimeoutMs: 20_000,
      rebalanceTimeoutMs: 20_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: subscription(TOPIC) }],
      ...more,
    };
  }

  describe(label: string): Promise<unknown> {
    return this.ask(label, 'DescribeGroups', { groups: [this.groupId], includeAuthorizedOperations: false });
  }

  heartbeat(
    label: string,
    memberId: string,
    generationId: number,
    more: { groupInstanceId?: string } = {},
  ): Promise<unknown> {
    return this.ask(label, 'Heartbeat', { groupId: this.groupId, memberId, generationId, ...more });
  }

  syncRequest(
    memberId: string,
    generationId: number,
    given: Readonly<Record<string, string>> = {},
    more: Partial<RequestInputOf<'SyncGroup'>> = {},
  ): RequestInputOf<'SyncGroup'> {
    const assignments = Object.entries(given).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) }));
    const named = { protocolType: 'consumer', protocolName: 'range' };
    return { groupId: this.groupId, memberId, generationId, ...named, assignments, ...more };
  }

  /** In one request where the version can. */
  async leave(label: string, ...members: { memberId: string; groupInstanceId?: string | null }[]): Promise<void> {
    const { groupId } = this;
    if (this.version('LeaveGroup') >= 3) {
      await this.ask(label, 'LeaveGroup', { groupId, memberId: '', members });
      return;
    }
    for (const { memberId } of members) await this.ask(label, 'LeaveGroup', { groupId, memberId, members: [] });
  }

  /** Until the group shows this state, and at least so many members. */
  async shows(state: string, count: number): Promise<void> {
    for (;;) {
      const { groups } = await this.session.quietly('DescribeGroups', 5, {
        groups: [this.groupId],
        includeAuthorizedOperations: false,
      });
      const [group] = groups;
      if (group?.groupState === state && group.members.length >= count) return;
      await pause(5);
    }
  }

  member(name: string): Member {
    const connection = this.session.beside();
    this.#connections.push(connection);
    return new Member(this, connection, name);
  }
}

/** One member on a connection of its own: what it asks may wait. */
export class Member {
  readonly all: Members;
  readonly name: string;
  id = '';
  generation = -1;
  readonly #connection: Session;

  constructor(all: Members, connection: Session, name: string) {
    this.all = all;
    this.#connection = connection;
    this.name = name;
  }

  /** Sends a JoinGroup, with the id that the member has; where it is told to come back with one, it does. Tells every answer. */
  async join(label: string, more: Join = {}): Promise<void> {
    const { all } = this;
    for (;;) {
      const request = all.joinRequest({ memberId: this.id, ...more });
      const answer = await this.#connection.quietly('JoinGroup', all.version('JoinGroup'), request);
      if (answer.memberId !== '' && answer.memberId !== this.id) {
        this.id = answer.memberId;
        all.name(this.id, this.name);
      }
      const isAsked = answer.errorCode === ERRORS.MEMBER_ID_REQUIRED;
      this.generation = answer.generationId;
      this.#told.push([isAsked ? `${label}: an id` : label, answer]);
      if (!isAsked) return;
    }
  }

  readonly #told: [string, unknown][] = [];

  /** Puts what was answered into the transcript: answers of several members come in any order. */
  tell(): void {
    for (const [label, answer] of this.#told.splice(0)) this.all.tell(label, answer);
  }

  async sync(label: string, given: Readonly<Record<string, string>> = {}): Promise<void> {
    const { all, generation, id } = this;
    const request = all.syncRequest(id, generation, given);
    const answer = await this.#connection.quietly('SyncGroup', all.version('SyncGroup'), request);
    this.#told.push([label, answer]);
  }
}

/** Everybody joins, in this order, and is told. */
export async function joinAll(members: readonly Member[], label: string, more: readonly Join[] = []): Promise<void> {
  const answers: Promise<void>[] = [];
  for (const [index, member] of members.entries()) {
    answers.push(member.join(`${member.name} ${label}`, more[index]));
    // The next one comes when this one is there.
    const { all } = member;
    if (index < members.length - 1 && member.generation === -1) await all.shows('PreparingRebalance', index + 1);
  }
  await Promise.all(answers);
  for (const member of members) member.tell();
}

/** The first member leads: it gives everybody an assignment, and all are told theirs. */
export async function syncAll(members: readonly Member[], label: string): Promise<void> {
  const [leader, ...followers] = members as [Member, ...Member[]];
  const given = Object.fromEntries(members.map(({ id, name }) => [id, `to ${name}`]));
  const waiting = followers.map((member) => member.sync(`${member.name} ${label}`));
  await pause(20);
  await leader.sync(`${leader.name} ${label}`, given);
  await Promise.all(waiting);
  for (const member of members) member.tell();
}
