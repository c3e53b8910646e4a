/**
 * What stands in front of requests and responses: the length of the frame and the header. Read and written by hand, as every request
 * passes here; the schemas are in schema/header.ts.
 *
 *   request   │ length i32 │ key i16 │ version i16 │ correlation id i32 │ client id string? │ tags │ body
 *   response  │ length i32 │ correlation id i32 │ tags │ body
 *
 * The tags are there in header version 2 of requests and 1 of responses (schema/index.ts).
 */
// oxlint-disable typescript/no-unsafe-type-assertion -- the row of the table and the name are of one API
import { readI16, readI32, writeI16, writeI32 } from '../base/bytes.ts';
import { type Cursor, readUvarint } from '../base/varint.ts';
import { DecodeError } from './codec/errors.ts';
import { MAX_STRING_LENGTH, MAX_TAGGED_FIELDS } from './codec/runtime.ts';
import { type ResponsePart, sizeInBytesOf } from './records.ts';
import {
  type ApiName,
  apiNameOfKey,
  apiOf,
  isVersionSupported,
  type RequestInputOf,
  type RequestOf,
  requestHeaderVersion,
  type ResponseOf,
  responseHeaderVersion,
} from './schema/index.ts';

export interface RequestHeader {
  readonly api: ApiName;
  readonly apiVersion: number;
  /** Whether there is a codec for this version. Kafka closes the connection otherwise, except for ApiVersions (KIP-511). */
  readonly isSupported: boolean;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Where the body begins. */
  readonly bodyOffset: number;
}

const FIXED_SIZE = 10;
const cursor: Cursor = { offset: 0 };

/**
 * The header at `offset`, which is behind the length of the frame. A `DecodeError` where it is cut short or no API has the key:
 * the connection is to be closed.
 */
export function decodeRequestHeader(bytes: Buffer, offset: number, end: number): RequestHeader {
  if (end - offset < FIXED_SIZE) throw new DecodeError('truncated', 'RequestHeader', offset);
  const api = apiNameOfKey(readI16(bytes, offset));
  if (api === null) throw new DecodeError('unknown', 'RequestHeader.requestApiKey', offset);
  const apiVersion = readI16(bytes, offset + 2);
  const length = readI16(bytes, offset + 8);
  let at = offset + FIXED_SIZE;
  if (length > end - at) throw new DecodeError('truncated', 'RequestHeader.clientId', at);
  const clientId = length < 0 ? null : length === 0 ? '' : bytes.utf8Slice(at, at + length);
  if (length > 0) at += length;
  return {
    api,
    apiVersion,
    isSupported: isVersionSupported(api, apiVersion),
    correlationId: readI32(bytes, offset + 4),
    clientId,
    bodyOffset: requestHeaderVersion(api, apiVersion) === 2 ? skipTags(bytes, at, end) : at,
  };
}

/** The body of a request. What follows it is ignored, as Kafka does. */
export function decodeRequest<N extends ApiName>(
  api: N,
  version: number,
  bytes: Buffer,
  offset: number,
  end: number,
): RequestOf<N> {
  return apiOf(api).request.decode(version, bytes, offset, end, TRAILING_ALLOWED) as RequestOf<N>;
}

const TRAILING_ALLOWED = { allowTrailing: true } as const;

/** A whole response in one piece, from the length of the frame on. Records in it must be memory. */
export function encodeResponse<N extends ApiName>(
  api: N,
  version: number,
  correlationId: number,
  response: ResponseOf<N>,
): Buffer {
  const hasTags = responseHeaderVersion(api, version) === 1;
  const bytes = apiOf(api).response.encode(version, response as never, hasTags ? 9 : 8);
  putResponseHeader(bytes, bytes.length - 4, correlationId, hasTags);
  return bytes;
}

/** A whole response in the pieces that a socket sends one after the other; large records stay pieces of their own. */
export function encodeResponseParts<N extends ApiName>(
  api: N,
  version: number,
  correlationId: number,
  response: ResponseOf<N>,
): ResponsePart[] {
  const hasTags = responseHeaderVersion(api, version) === 1;
  const parts = apiOf(api).response.encodeParts(version, response as never, hasTags ? 9 : 8);
  let size = -4;
  for (const part of parts) size += sizeOfPart(part);
  putResponseHeader(parts[0] as Buffer, size, correlationId, hasTags);
  return parts;
}

export function sizeOfPart(part: ResponsePart): number {
  return 'kind' in part ? sizeInBytesOf(part) : part.length;
}

/** A whole request, from the length of the frame on: what a client sends. */
export function encodeRequest<N extends ApiName>(
  api: N,
  version: number,
  correlationId: number,
  clientId: string | null,
  request: RequestInputOf<N>,
): Buffer {
  const clientIdSize = clientId === null ? 0 : Buffer.byteLength(clientId);
  if (clientIdSize > MAX_STRING_LENGTH) throw new RangeError(`a client id of ${clientIdSize} bytes`);
  const hasTags = requestHeaderVersion(api, version) === 2;
  const headroom = 4 + FIXED_SIZE + clientIdSize + (hasTags ? 1 : 0);
  const bytes = apiOf(api).request.encode(version, request as never, headroom);
  writeI32(bytes, 0, bytes.length - 4);
  writeI16(bytes, 4, apiOf(api).key);
  writeI16(bytes, 6, version);
  writeI32(bytes, 8, correlationId);
  writeI16(bytes, 12, clientId === null ? -1 : clientIdSize);
  if (clientId !== null) bytes.utf8Write(clientId, 14, clientIdSize);
  if (hasTags) bytes[headroom - 1] = 0;
  return bytes;
}

/** The header of a response that a client received, from behind the length of the frame: where the body begins. */
export function decodeResponseHeader(
  api: ApiName,
  version: number,
  bytes: Buffer,
  offset: number,
  end: number,
): { readonly correlationId: number; readonly bodyOffset: number } {
  if (end - offset < 4) throw new DecodeError('truncated', 'ResponseHeader', offset);
  const hasTags = responseHeaderVersion(api, version) === 1;
  return {
    correlationId: readI32(bytes, offset),
    bodyOffset: hasTags ? skipTags(bytes, offset + 4, end) : offset + 4,
  };
}

function putResponseHeader(bytes: Buffer, size: number, correlationId: number, hasTags: boolean): void {
  writeI32(bytes, 0, size);
  writeI32(bytes, 4, correlationId);
  if (hasTags) bytes[8] = 0;
}

/** Headers have no tagged fields of their own yet: whatever is there is skipped. */
function skipTags(bytes: Buffer, offset: number, end: number): number {
  const count = uvarint(bytes, offset, end);
  if (count > MAX_TAGGED_FIELDS) throw new DecodeError('too long', 'tagged fields of a header', offset);
  let at = cursor.offset;
  for (let i = 0; i < count; i++) {
    uvarint(bytes, at, end);
    const size = uvarint(bytes, cursor.offset, end);
    at = cursor.offset + size;
    if (at > end) throw new DecodeError('truncated', 'tagged fields of a header', at);
  }
  return at;
}

function uvarint(bytes: Buffer, offset: number, end: number): number {
  const value = readUvarint(bytes, offset, end, cursor);
  if (Number.isNaN(value)) throw new DecodeError('truncated', 'tagged fields of a header', offset);
  return value;
}
