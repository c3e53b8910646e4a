/**
 * From a frame to a handler and from its answer to bytes. The frame's header is protocol/frame's.
 *
 * What Kafka refuses by closing the connection is refused here by a reason in words: a header that cannot be read, a key or version that
 * is not served, a body that cannot be read. The exception is an ApiVersions of a version from the future (KIP-511).
 */
import { Outcome, PENDING } from '../api/handler.ts';
import type { Chunk } from '../port/memory.ts';
import { DecodeError } from '../protocol/codec/errors.ts';
import { ERRORS } from '../protocol/errors.ts';
import { decodeRequest, decodeRequestHeader, encodeResponse, encodeResponseParts } from '../protocol/frame.ts';
import type { ApiRows } from './api-rows.ts';
import { type Home, Request } from './request.ts';

/** The API key at the start of a frame, -1 where it is too short to hold one. */
export function apiKeyOf(bytes: Buffer, from: number, to: number): number {
  return to - from < 2 ? -1 : bytes.readInt16BE(from);
}

/** The request in a frame, decoded; or in words why its connection closes. The chunk passes to the request, not to a refusal. */
export function parseRequest<Services>(
  home: Home<Services>,
  rows: ApiRows<Services>,
  bytes: Buffer,
  from: number,
  to: number,
  chunk: Chunk | null,
): Request<Services> | string {
  try {
    const { api, apiVersion, isSupported, correlationId, clientId, bodyOffset } = decodeRequestHeader(bytes, from, to);
    const row = rows[apiKeyOf(bytes, from, to)];
    if (row === undefined) return `a request for ${api}, which this listener does not serve`;
    if (!isSupported && api !== 'ApiVersions') return `a request for ${api} with unsupported version ${apiVersion}`;
    const version = isSupported ? apiVersion : 0;
    const request = new Request(home, row, version, correlationId, clientId, bytes, from, to - from, chunk);
    if (isSupported) request.message = decodeRequest(api, version, bytes, bodyOffset, to);
    else request.parts = unsupportedApiVersions(request);
    return request;
  } catch (error) {
    if (error instanceof DecodeError) return `a request that cannot be read: ${error.message}`;
    throw error;
  }
}

/** Calls the handler. Its answer reaches the request's home, in this call or later. */
export function handle<Services>(request: Request<Services>): void {
  let answer: unknown;
  try {
    answer = request.row.api.handle(request.message as never, request);
  } catch (error) {
    if (request.settled) request.home.fault(request, error);
    else request.fail(error);
    return;
  }
  if (answer === PENDING) return;
  if (answer instanceof Promise) {
    answer.then(
      (later: unknown) => request.answer(later),
      (error: unknown) => request.fail(error),
    );
    return;
  }
  request.answer(answer);
}

/** Encodes the answer into the request, which is ready to leave then. Throws where the answer is a bug. */
export function encodeAnswer<Services>(request: Request<Services>, answer: unknown): void {
  let response = answer as object | null;
  if (answer instanceof Outcome) {
    response = answer.response as object | null;
    request.throttleMs = answer.throttleMs;
    request.closes = answer.close;
  }
  if (response === null) return;
  const { row, version, correlationId } = request;
  const encode = row.hasRecords ? encodeResponseParts : encodeResponse;
  request.parts = encode(row.name, version, correlationId, response as never);
}

/** What the API can say about its handler's failure; null where it cannot. */
export function failedAnswer<Services>(request: Request<Services>): object | null {
  const { api } = request.row;
  if (api.failed === undefined || request.message === null) return null;
  return api.failed(request.message as never, request, ERRORS.UNKNOWN_SERVER_ERROR);
}

/** v0, the error, and the versions that would have served (KIP-511). */
function unsupportedApiVersions<Services>(request: Request<Services>): Buffer {
  const { key, versions } = request.row;
  return encodeResponse('ApiVersions', 0, request.correlationId, {
    errorCode: ERRORS.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: key, minVersion: versions.min, maxVersion: versions.max }],
  });
}
