import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SeededRandom } from '../../../../../src/base/prng.ts';
import { type Uuid, uuidFromBytes } from '../../../../../src/base/uuid.ts';
import { ASSIGNORS, type AssignorName } from '../../../../../src/machine/group/assignor/index.ts';
import type {
  AssignmentMember,
  AssignmentSpec,
  GroupAssignment,
} from '../../../../../src/machine/group/assignor/spec.ts';
import { goldenSteps, toText } from './golden.ts';

const NAMES = Object.keys(ASSIGNORS) as AssignorName[];

/** Members `m0` …, topics of `counts` partitions; `picks` says who subscribes. */
function group(
  random: SeededRandom,
  members: number,
  counts: readonly number[],
  picks: (at: number) => boolean,
): AssignmentSpec {
  const topicIds = counts.map(() => uuidFromBytes(random.bytes(16)));
  const specMembers = new Map<string, AssignmentMember>();
  for (let at = 0; at < members; at++) {
    const subscribed = new Set(topicIds.filter(() => picks(at)));
    specMembers.set(`m${at}`, { instanceId: null, rackId: null, topicIds: subscribed, assigned: new Map() });
  }
  const topics = new Map(topicIds.map((id, at) => [id, { partitionCount: counts[at] ?? 0 }]));
  return { members: specMembers, topics };
}

function after(spec: AssignmentSpec, assignment: GroupAssignment): AssignmentSpec {
  const members = new Map<string, AssignmentMember>();
  for (const [id, member] of spec.members) members.set(id, { ...member, assigned: assignment.get(id) ?? new Map() });
  return { ...spec, members };
}

/** Each partition of a topic with subscribers has one owner, who subscribes. */
function assertComplete(spec: AssignmentSpec, assignment: GroupAssignment): void {
  const owners = new Map<Uuid, (string | undefined)[]>();
  for (const [memberId, topics] of assignment) {
    for (const [topicId, partitions] of topics) {
      assert.ok(spec.members.get(memberId)?.topicIds.has(topicId) === true, `${memberId} does not subscribe`);
      assert.deepEqual(
        [...partitions],
        [...new Set(partitions)].sort((a, b) => a - b),
      );
      const topic = owners.get(topicId) ?? [];
      owners.set(topicId, topic);
      for (const partition of partitions) {
        assert.equal(topic[partition], undefined, `partition ${partition} is owned twice`);
        topic[partition] = memberId;
      }
    }
  }
  for (const [topicId, { partitionCount }] of spec.topics) {
    const hasSubscribers = [...spec.members.values()].some(({ topicIds }) => topicIds.has(topicId));
    assert.equal(owners.get(topicId)?.length ?? 0, hasSubscribers ? partitionCount : 0);
    assert.ok(owners.get(topicId)?.includes(undefined) !== true);
  }
}

function sizes(assignment: GroupAssignment): number[] {
  return [...assignment.values()].map((topics) => [...topics.values()].reduce((sum, { length }) => sum + length, 0));
}

describe('assignors against Kafka 4.4', () => {
  test('every step of every group comes out the same', () => {
    const steps = goldenSteps();
    assert.ok(steps.length > 900);
    for (const { name, assignor, spec, expected, topicIds } of steps) {
      const assignment = ASSIGNORS[assignor](spec);
      assert.equal(assignment.size, spec.members.size, name);
      const actual = [...spec.members.keys()].map((id) => toText(assignment.get(id) ?? new Map(), topicIds));
      assert.deepEqual(actual, expected, name);
    }
  });
});

describe('assignors', () => {
  for (const name of NAMES) {
    test(`${name}: every partition has one owner who subscribes, and an equal question changes nothing`, () => {
      for (let seed = 0; seed < 60; seed++) {
        const random = new SeededRandom(seed);
        const counts = Array.from({ length: 1 + random.below(5) }, () => random.below(20));
        const spec = group(random, 1 + random.below(12), counts, () => seed % 2 === 0 || random.chance(0.6));
        const assignment = ASSIGNORS[name](spec);
        assertComplete(spec, assignment);
        const again = after(spec, assignment);
        for (const [memberId, topics] of ASSIGNORS[name](again)) {
          assert.equal(topics, again.members.get(memberId)?.assigned, `${memberId} keeps its very map`);
        }
      }
    });

    test(`${name}: nobody, nothing to subscribe to, topics that are gone`, () => {
      assert.equal(ASSIGNORS[name]({ members: new Map(), topics: new Map() }).size, 0);
      const spec = group(new SeededRandom(1), 2, [3], () => true);
      const assigned = after(spec, ASSIGNORS[name](spec));
      const members = new Map(
        [...assigned.members].map(([id, member]) => [id, { ...member, topicIds: new Set<Uuid>() }]),
      );
      const nothing = ASSIGNORS[name]({ members, topics: spec.topics });
      assert.deepEqual([...nothing.values()], [new Map(), new Map()]);
      assert.deepEqual(sizes(ASSIGNORS[name]({ ...assigned, topics: new Map() })).length, 2);
    });
  }

  test('uniform: a member that comes takes only its share, one that goes moves only its own', () => {
    const random = new SeededRandom(3);
    const spec = group(random, 9, [30, 31, 32], () => true);
    const topicIds = new Set(spec.topics.keys());
    const first = after(spec, ASSIGNORS.uniform(spec));
    const joined = new Map(first.members).set('new', { instanceId: null, rackId: 'a', topicIds, assigned: new Map() });
    const second = ASSIGNORS.uniform({ ...first, members: joined });
    assertComplete({ ...first, members: joined }, second);
    assert.ok(Math.max(...sizes(second)) - Math.min(...sizes(second)) <= 1);
    const left = new Map(after({ ...first, members: joined }, second).members);
    left.delete('m4');
    const third = ASSIGNORS.uniform({ ...first, members: left });
    for (const [memberId, { assigned }] of left) {
      for (const [topicId, partitions] of assigned) {
        for (const partition of partitions) assert.ok(third.get(memberId)?.get(topicId)?.includes(partition));
      }
    }
  });

  test('range: members of equal subscriptions have the same partitions of topics with equally many', () => {
    const spec = group(new SeededRandom(4), 5, [12, 12, 12], () => true);
    for (const topics of ASSIGNORS.range(spec).values()) {
      const [first, ...others] = topics.values();
      for (const other of others) assert.deepEqual(other, first);
    }
  });

  test('a thousand members and ten thousand partitions', () => {
    const random = new SeededRandom(5);
    for (const isEqual of [true, false]) {
      const spec = group(
        random,
        1000,
        Array.from({ length: 10 }, () => 1000),
        () => isEqual || random.chance(0.5),
      );
      for (const name of NAMES) {
        const assignment = ASSIGNORS[name](spec);
        assertComplete(spec, assignment);
        if (name === 'uniform' && isEqual)
          assert.ok(Math.max(...sizes(assignment)) - Math.min(...sizes(assignment)) <= 1);
      }
    }
  });
});
