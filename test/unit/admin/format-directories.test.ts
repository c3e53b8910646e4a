/** Formatting as kafka-storage does it: what is written, in whose words it is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { required } from '../../../src/base/assert.ts';
import { SeededRandom } from '../../../src/base/prng.ts';
import { type FormatRequest, formatDirectories } from '../../../src/admin/format-directories.ts';
import { loadNative } from '../../../src/host/addon.ts';
import { MemoryDisk } from '../../../src/host/memory-disk.ts';
import { decodeRecord } from '../../../src/protocol/record/metadata-records.ts';
import { readMetaProperties } from '../../../src/storage/meta-properties.ts';
import { readSnapshot } from '../../../src/storage/metadata/snapshot.ts';
import { VirtualClock } from '../../simulator/virtual-clock.ts';
import { brokerConfig, CLUSTER_ID } from '../machine/controller/fixture.ts';

const { native } = loadNative();
const PLAIN: FormatRequest = { clusterId: CLUSTER_ID, ignoreFormatted: false };

function rig(more: Readonly<Record<string, string>> = {}) {
  const disk = new MemoryDisk({ seed: 1 });
  const ports = { disk, clock: new VirtualClock(), random: new SeededRandom(1), native };
  const config = brokerConfig({ 'log.dirs': '/a,/b', ...more });
  const format = async (request: Partial<FormatRequest> = {}) => {
    const result = await formatDirectories(ports, config, { ...PLAIN, ...request });
    return result.ok ? result.formatted.lines : result.reason;
  };
  const properties = async (path: string) => {
    const found = await readMetaProperties(disk, path);
    assert.ok(found.kind === 'formatted', found.kind);
    return found.properties;
  };
  return { disk, ports, config, format, properties };
}

const LINES = [
  'Formatting dynamic metadata voter directory /a with metadata.version 4.4-IV2.',
  'Formatting data directory /b with metadata.version 4.4-IV2.',
];

test('every directory gets an id, the metadata directory the first snapshot', async () => {
  const { disk, format, properties } = rig();
  assert.deepEqual(await format(), LINES);
  const [a, b] = [await properties('/a'), await properties('/b')];
  assert.deepEqual([a.clusterId, a.nodeId, b.clusterId], [CLUSTER_ID, 1, CLUSTER_ID]);
  assert.notEqual(a.directoryId, b.directoryId);
  const content = required(
    await readSnapshot(disk, native, '/a/__cluster_metadata-0', { offset: 0, epoch: 0 }),
    'a snapshot',
  );
  assert.equal(content.kraftVersion, 1);
  assert.deepEqual(content.voters?.voters, [
    {
      voterId: 1,
      voterDirectoryId: a.directoryId,
      endpoints: [{ name: 'CONTROLLER', host: '127.0.0.1', port: 9093 }],
      kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
    },
  ]);
  assert.deepEqual(
    content.values.map((value) => decodeRecord(value).message),
    [
      { name: 'metadata.version', featureLevel: 33 },
      { name: 'eligible.leader.replicas.version', featureLevel: 1 },
      { name: 'group.version', featureLevel: 1 },
      { name: 'transaction.version', featureLevel: 2 },
    ],
  );
  assert.equal(await disk.status('/b/__cluster_metadata-0'), null);
});

test('what is formatted already', async () => {
  const { disk, format, properties } = rig();
  await format();
  const before = await properties('/a');
  assert.equal(
    await format(),
    'Log directory /a is already formatted. Use --ignore-formatted to ignore this directory and format the others.',
  );
  assert.deepEqual(await format({ ignoreFormatted: true }), ['All of the log directories are already formatted.']);
  await disk.removeDirectory('/b');
  assert.deepEqual(await format({ ignoreFormatted: true, clusterId: null }), [LINES[1]]);
  assert.deepEqual(await properties('/a'), before);
  assert.equal((await properties('/b')).clusterId, CLUSTER_ID);
  const other = 'GD0tcLdZSM6JTWfQ3DUNTA';
  const refusal = `Invalid cluster.id in: /a/meta.properties. Expected ${other}, but read ${CLUSTER_ID}`;
  assert.equal(await format({ ignoreFormatted: true, clusterId: other }), refusal);
  await disk.removeDirectory('/a');
  assert.match(String(await format({ ignoreFormatted: true })), /holds no metadata log/);
});

test('a new cluster id is drawn where none is given', async () => {
  const { format, properties } = rig();
  assert.deepEqual(await format({ clusterId: null }), LINES);
  assert.match((await properties('/a')).clusterId, /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
});

test('features and releases', async () => {
  const refusals: readonly (readonly [Partial<FormatRequest>, string])[] = [
    [{ features: ['foo'] }, "Can't parse feature=level string foo: equals sign not found."],
    [
      { features: ['group.version=x'] },
      "Can't parse feature=level string group.version=x: unable to parse x as a short.",
    ],
    [{ features: ['group.version=2'] }, 'No feature:group.version with feature level 2'],
    [{ features: ['share.version=1'] }, 'No feature:share.version with feature level 1'],
    [
      { features: ['foo=2'] },
      'Unsupported feature: foo. Supported features are: eligible.leader.replicas.version, group.version, kraft.version, share.version, streams.version, transaction.version',
    ],
    [
      { features: ['metadata.version=33'] },
      'Use --release-version instead of --feature metadata.version=X to avoid ambiguity.',
    ],
    [{ releaseVersion: '9.9' }, "Unknown metadata.version '9.9'"],
  ];
  for (const [request, expected] of refusals) assert.equal(await rig().format(request), expected);
  const { disk, format } = rig();
  const lines = await format({ features: ['group.version=0', 'kraft.version=1'], releaseVersion: '4.4-IV1' });
  assert.equal(lines[0], 'Formatting dynamic metadata voter directory /a with metadata.version 4.4-IV1.');
  const content = await readSnapshot(disk, native, '/a/__cluster_metadata-0', { offset: 0, epoch: 0 });
  assert.deepEqual(
    content?.values.map((value) => decodeRecord(value).message),
    [
      { name: 'metadata.version', featureLevel: 32 },
      { name: 'eligible.leader.replicas.version', featureLevel: 1 },
      { name: 'transaction.version', featureLevel: 2 },
    ],
  );
});

test('a format that was interrupted has not happened', async () => {
  for (let operations = 0; operations < 30; operations++) {
    const { disk, ports, config } = rig({ 'log.dirs': '/a' });
    let left = operations;
    disk.inject = () => (left-- > 0 ? null : 'EIO');
    let failed = false;
    await formatDirectories(ports, config, PLAIN).catch(() => (failed = true));
    if (!failed) return;
    const after = { ...ports, disk: disk.crash(operations + 1) };
    const again = await formatDirectories(after, config, { clusterId: CLUSTER_ID, ignoreFormatted: true });
    assert.ok(again.ok);
    const found = await readMetaProperties(after.disk, '/a');
    assert.equal(found.kind, 'formatted');
    const content = await readSnapshot(after.disk, native, '/a/__cluster_metadata-0', { offset: 0, epoch: 0 });
    assert.ok(content !== null && found.kind === 'formatted');
    assert.equal(content.voters?.voters[0]?.voterDirectoryId, found.properties.directoryId);
  }
  assert.fail('it never succeeds');
});
