/**
 * What every API must bear in every version, a new one without a line of test: a request of every field, cut at every byte, with bytes behind
 * it, and versions that there are not. Kafka closes the connection over most of it; where it does not, neither do we.
 */
import { encodeRequest } from '../../src/protocol/frame.ts';
import { type ApiName, APIS, type RequestInputOf, requestHeaderVersion } from '../../src/protocol/schema/index.ts';
import { transactionalIdOf } from '../api/transactional-producer.ts';
import { ClosedError, RawClient, servedVersions } from '../harness/client.ts';
import type { Scenario, Session } from '../harness/session.ts';
import { SAMPLES, type SweptApi } from './samples.ts';

const CLIENT_ID = 'sweep';
const CORRELATION_ID = 77;
const LISTING = new Set<SweptApi>(['ApiVersions', 'ListGroups']);
/** Answered by the coordinator of a group, which is to be there. */
const COORDINATED = new Set<SweptApi>([
  'OffsetCommit',
  'OffsetFetch',
  'JoinGroup',
  'Heartbeat',
  'LeaveGroup',
  'SyncGroup',
  'DescribeGroups',
  'ListGroups',
  'DeleteGroups',
  'OffsetDelete',
  'ConsumerGroupHeartbeat',
  'ConsumerGroupDescribe',
]);
/** Answered by the coordinator of a transactional id, which is to be there. */
const TRANSACTIONAL = new Set<SweptApi>([
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
  'DescribeTransactions',
  'ListTransactions',
]);
/** Connections at a time. */
const ABREAST = 8;

function sampleOf(api: SweptApi, version: number, name: string): RequestInputOf<ApiName> {
  return SAMPLES[api](version, name);
}

function frameOf(api: SweptApi, version: number, name: string): Buffer {
  return encodeRequest(api as ApiName, version, CORRELATION_ID, CLIENT_ID, sampleOf(api, version, name));
}

/** The first bytes of a frame, with the length that they have then. */
function cutTo(frame: Buffer, size: number): Buffer {
  const cut = Buffer.from(frame.subarray(0, size));
  cut.writeInt32BE(size - 4, 0);
  return cut;
}

function behind(frame: Buffer, more: Buffer): Buffer {
  const longer = Buffer.concat([frame, more]);
  longer.writeInt32BE(longer.length - 4, 0);
  return longer;
}

/** What a broker does with a frame on a connection of its own: answers (with what), or closes. */
async function tried(session: Session, frame: Buffer): Promise<Buffer | 'closed'> {
  const client = await RawClient.open(session.target.port);
  try {
    client.send(frame);
    return await client.receive();
  } catch (error) {
    if (error instanceof ClosedError) return 'closed';
    throw error;
  } finally {
    client.close();
  }
}

async function triedAll(session: Session, frames: readonly Buffer[]): Promise<string[]> {
  const results: string[] = [];
  for (let i = 0; i < frames.length; i += ABREAST) {
    const some = await Promise.all(frames.slice(i, i + ABREAST).map((frame) => tried(session, frame)));
    results.push(...some.map((result) => (result === 'closed' ? 'closed' : 'answered')));
  }
  return results;
}

/** `closed ×17, answered ×2`. */
function runs(results: readonly string[]): string {
  const parts: { what: string; count: number }[] = [];
  for (const what of results) {
    const last = parts.at(-1);
    if (last?.what === what) last.count++;
    else parts.push({ what, count: 1 });
  }
  return parts.map(({ what, count }) => `${what} ×${count}`).join(', ');
}

async function answer(session: Session, label: string, api: SweptApi, version: number, frame: Buffer): Promise<void> {
  const result = await tried(session, frame);
  if (result === 'closed') {
    session.tell(label, 'closed');
    return;
  }
  session.tell(`${label}: correlation id`, result.readInt32BE(0));
  const client = await session.client();
  const decoded = client.decode<ApiName>(api, version, result);
  // What these list is the matter of their own scenarios.
  session.tell(label, LISTING.has(api) && 'errorCode' in decoded ? decoded.errorCode : decoded);
}

/** The header of a frame in any version, and what would be the body of the newest. */
function frameInVersion(api: SweptApi, version: number, name: string): Buffer {
  const newest = APIS[api].advertised?.max ?? 0;
  const frame = frameOf(api, newest, name);
  frame.writeInt16BE(version, 6);
  return frame;
}

function bodyOffset(api: SweptApi, version: number): number {
  return 14 + CLIENT_ID.length + (requestHeaderVersion(api, version) === 2 ? 1 : 0);
}

const sweepScenarios: readonly Scenario[] = (Object.keys(SAMPLES) as SweptApi[]).map((api) => ({
  name: api,
  versions: servedVersions(api),
  async run(session: Session): Promise<void> {
    const { version } = session;
    const name = session.name('nothing');
    if (COORDINATED.has(api)) await session.group('nothing');
    if (TRANSACTIONAL.has(api)) await transactionalIdOf(session, 'nothing');
    const frame = frameOf(api, version, name);
    // The only type of key that FindCoordinator v0 has would make Kafka's internal topics.
    if (api !== 'FindCoordinator' || version > 0) {
      await answer(session, 'plain', api, version, frame);
      await answer(session, 'bytes behind it', api, version, behind(frame, Buffer.from([1, 2, 3])));
      await answer(session, 'zeros behind it', api, version, behind(frame, Buffer.alloc(9)));
    }
    const start = bodyOffset(api, version);
    const sizes = Array.from({ length: frame.length - start }, (_, i) => start + i);
    session.tell(
      'cut',
      runs(
        await triedAll(
          session,
          sizes.map((size) => cutTo(frame, size)),
        ),
      ),
    );
    const header = Array.from({ length: start - 4 }, (_, i) => 4 + i);
    session.tell(
      'cut in the header',
      runs(
        await triedAll(
          session,
          header.map((size) => cutTo(frame, size)),
        ),
      ),
    );
    const { advertised } = APIS[api];
    if (api === 'ApiVersions' || version !== advertised?.max) return;
    for (const other of [
      advertised.max + 1,
      100,
      32_767,
      -1,
      ...(servedVersions(api)[0] === 0 ? [] : [(servedVersions(api)[0] ?? 0) - 1]),
    ]) {
      session.tell(`version ${other}`, runs(await triedAll(session, [frameInVersion(api, other, name)])));
    }
  },
}));

/** Frames that belong to no API. */
const frameScenarios: readonly Scenario[] = [
  {
    name: 'frames',
    versions: [0],
    async run(session) {
      const good = frameOf('ApiVersions', 0, '');
      const withKey = (key: number): Buffer => {
        const frame = Buffer.from(good);
        frame.writeInt16BE(key, 4);
        return frame;
      };
      const withLength = (length: number): Buffer => {
        const frame = Buffer.from(good);
        frame.writeInt32BE(length, 0);
        return frame;
      };
      const withClientId = (length: number): Buffer => {
        const frame = Buffer.from(good);
        frame.writeInt16BE(length, 12);
        return frame;
      };
      const frames: Record<string, Buffer> = {
        'an empty frame': Buffer.alloc(4),
        'a negative length': withLength(-1),
        'the most negative length': withLength(-2147483648),
        'one byte over the limit': withLength(104_857_601),
        'the largest length': withLength(2147483647),
        'key -1': withKey(-1),
        'key 1000': withKey(1000),
        'a key of long ago': withKey(4),
        'a key of controllers': withKey(52),
        'a null client id': Buffer.concat([Buffer.from([0, 0, 0, 10]), good.subarray(4, 12), Buffer.from([255, 255])]),
        'an empty client id': Buffer.concat([Buffer.from([0, 0, 0, 10]), good.subarray(4, 12), Buffer.from([0, 0])]),
        'a negative client id': withClientId(-2),
        'a client id that is too long': withClientId(500),
      };
      for (const [label, frame] of Object.entries(frames)) session.tell(label, runs(await triedAll(session, [frame])));
    },
  },
  {
    name: 'arrays',
    versions: [0],
    async run(session) {
      // Metadata v1 and v9 are an array and little else.
      const classic = (length: number): Buffer => {
        const body = Buffer.alloc(4);
        body.writeInt32BE(length);
        return Buffer.concat([Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0, 0]), body]);
      };
      const compact = (...length: number[]): Buffer => {
        const frame = Buffer.concat([
          Buffer.from([0, 0, 0, 0, 0, 3, 0, 9, 0, 0, 0, 1, 0, 0, 0]),
          Buffer.from(length),
          Buffer.from([0, 0, 0, 0]),
        ]);
        frame.writeInt32BE(frame.length - 4, 0);
        return frame;
      };
      for (const length of [-2, -2147483648, 1, 1_000_000, 1_000_001, 2147483647]) {
        session.tell(`${length} of 0`, runs(await triedAll(session, [classic(length)])));
      }
      const lengths: Record<string, number[]> = {
        null: [0],
        none: [1],
        'one of 0': [2],
        '2^31 - 1': [0xff, 0xff, 0xff, 0xff, 0x07],
        '2^32 - 1': [0xff, 0xff, 0xff, 0xff, 0x0f],
        'a varint of six bytes': [0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
      };
      for (const [label, length] of Object.entries(lengths)) {
        session.tell(`compact: ${label}`, runs(await triedAll(session, [compact(...length)])));
      }
    },
  },
];

/** By the name of the file in expected/. */
export const SWEEP: Readonly<Record<string, readonly Scenario[]>> = { sweep: sweepScenarios, frames: frameScenarios };
