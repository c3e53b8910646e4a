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

/** How the connection goes on after a response, where it is not the plain way. */
export interface Outcome<Response> {
  readonly response: Response | null;
  /** Mute the connection for so long after the response has left (KIP-219). */
  readonly throttleMs?: number;
  /** Close the connection after the response has left, or at once where there is none. */
  readonly close?: boolean;
}

/** Produce with acks=0: nothing is sent, and the connection closes where Kafka tells of an error that way. */
export const noAnswer: Outcome<never> = { response: null };

export interface RequestContext<Services> {
  readonly peer: Peer;
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string | null;
  readonly services: Services;
  /**
   * Keeps a view into the request's bytes valid beyond the handler's first turn. Inside that turn the bytes may lie in the buffer
   * that the next read of any connection overwrites; the result lies in the shard's arena, where every thread can read it, until
   * `release` is called once for each call of `lend`.
   */
  lend(view: Buffer): Lent;
}

/** A piece of the arena that this request holds until it is released. */
export interface Lent {
  readonly bytes: Buffer;
  /** Which arena (the number of its thread) and where in it, for messages to other threads. */
  readonly arena: number;
  readonly offset: number;
  release(): void;
}

/** A handler may answer in its turn or later. */
export type Answer<Response> = Response | Outcome<Response> | Promise<Response | Outcome<Response>>;
