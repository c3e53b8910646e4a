/**
 * What a handler of one API is given and gives back.
 *
 * A handler never sees sockets, rings, threads or file names: it is given the decoded request and a context, asks the
 * services in it, and returns the response. Which thread owns a partition is the services' business.
 */
import type { ApiName } from '../protocol/schema/index.ts';

/** Who asks, and how. One object a connection; the version and the client id are the request's own. */
export interface Peer {
  readonly listenerName: string;
  readonly securityProtocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** The address that the connection came from, as text. */
  readonly clientHost: string;
  /** The port of this broker that the client reached. */
  readonly localPort: number;
  /** Kafka's principal, `User:ANONYMOUS` before or without authentication. */
  readonly principal: string;
  /** From ApiVersions v3 and later (KIP-511). */
  softwareName: string;
  softwareVersion: string;
}

/** How the connection goes on after a response. */
export interface Afterwards {
  /** Milliseconds for which the connection starts no further request (KIP-219). The response itself leaves at once. */
  readonly throttleMs?: number;
  /** Close the connection after the response has left, or at once where there is none. */
  readonly close?: boolean;
}

/** A response, where the connection does not go on in the plain way. */
export class Outcome<Response> {
  /** Null: nothing is sent. */
  readonly response: Response | null;
  readonly throttleMs: number;
  readonly close: boolean;

  constructor(response: Response | null, afterwards: Afterwards = {}) {
    this.response = response;
    this.throttleMs = afterwards.throttleMs ?? 0;
    this.close = afterwards.close ?? false;
  }
}

/** Produce with acks=0: nothing is sent. */
export const noAnswer: Outcome<never> = new Outcome<never>(null);

/** Produce with acks=0 that failed: Kafka tells of it by closing the connection. */
export const closeNow: Outcome<never> = new Outcome<never>(null, { close: true });

/** The handler will call `context.answer` or `context.fail` later. */
export const PENDING: unique symbol = Symbol('pending');

/** A handler may answer in its turn, or later: by a promise, or without one by returning PENDING and calling `context.answer`. */
export type Answer<Response> = Response | Outcome<Response> | typeof PENDING | Promise<Response | Outcome<Response>>;

export interface RequestContext<Services, Response = unknown> {
  readonly peer: Peer;
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string | null;
  readonly services: Services;
  /** The connection is closed: nobody waits for the answer. */
  readonly orphan: boolean;
  /** Calls `run` when the connection closes before this request has its answer, which is to be given all the same, soon. One a request. */
  whenOrphan(run: () => void): void;
  /**
   * Keeps a view into a Produce request's bytes valid beyond the handler's first turn. Inside that turn the bytes may lie in the
   * buffer that the next read of any connection overwrites; the result lies in the shard's arena, where every thread can read it,
   * until `release` is called once for each call of `lend`. May be called in the first turn only. Other requests' views stay valid
   * until the answer without it.
   */
  lend(view: Buffer): Lent;
  /** Answers a request for which the handler returned PENDING. Once. */
  answer(answer: Response | Outcome<Response>): void;
  /** Reports a bug met after the handler returned PENDING: answered as an exception of the handler is. Instead of `answer`. */
  fail(error: unknown): void;
}

/** A piece of the arena that this request holds until it is released. */
export interface Lent {
  readonly bytes: Buffer;
  /** Which arena (the number of its thread) and where in it, for messages to other threads. */
  readonly arena: number;
  readonly offset: number;
  release(): void;
}

/** One row of the table of APIs: what serves all versions of one key. */
export interface Api<Request, Response, Services> {
  handle(request: Request, context: RequestContext<Services, Response>): Answer<Response>;
  /** The answer that carries `errorCode` where `handle` failed by a bug. Absent where the API cannot say so: the connection closes. */
  failed?(request: Request, context: RequestContext<Services, Response>, errorCode: number): Response;
}

/** What network calls through: rows of the table whose types only the table knows. */
export type AnyApi<Services> = Api<never, object, Services>;
