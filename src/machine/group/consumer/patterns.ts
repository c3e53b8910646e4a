/**
 * Subscriptions by pattern (KIP-848, v1 of the heartbeat): each pattern of a group is resolved once for all of its members, against the names
 * of all topics, in slices of a timer's turns. What it matched is a record.
 */
import type { GroupContext, GroupDecision, GroupTimer } from '../decision.ts';
import type { GroupState } from '../machine.ts';
import { type GroupRecord, record, tombstone } from '../records.ts';
import { invalidPatternMessage, TopicScan } from '../regex.ts';
import type { ConsumerGroup, ResolvedRegex } from './group.ts';
import { type Member, regexOf, sameNames } from './member.ts';
import { type Refused, refused } from './refused.ts';
import { hashOfTopics } from './subscriptions.ts';
import { epochRecord } from './target.ts';
import { memberTimer } from './timers.ts';
import { REFRESH_MS } from './settings.ts';

/** What a request did to the member's pattern. resolved: what the new one matches is known already. */
export type RegexStatus = 'same' | 'changed' | 'resolved';

/** Patterns of a group are resolved at most so often. */
const LEAST_INTERVAL_MS = 10_000;
/** Names matched against one pattern in one turn of the timer; of several patterns, as many fewer. */
const SLICE = 2000;

/** A resolution under way. */
export interface Resolving {
  readonly scan: TopicScan;
  /** The offset of the metadata when it began. */
  readonly version: number;
  readonly startedAt: number;
}

/** What a request does to the patterns of the group. Adds records and, where patterns are to be resolved, the timer that begins it. */
export function updateRegexes(
  state: GroupState,
  context: GroupContext,
  group: ConsumerGroup,
  change: { readonly before: Member; readonly said: Member },
  records: GroupRecord[],
  timers: GroupTimer[],
): RegexStatus | Refused {
  const { before, said } = change;
  const old = regexOf(before);
  const now = regexOf(said);
  const { regexes } = group.index;
  let status: RegexStatus = 'same';
  let isNew = false;
  if (before.regex !== said.regex) {
    status = 'changed';
    if (old !== null && regexes.get(old) === 1) {
      records.push(tombstone('consumerGroupRegularExpression', { groupId: group.groupId, regularExpression: old }));
    }
    if (now !== null && regexes.get(now) === 0) {
      const compiled = state.consumer.patterns.compile(now);
      if (!compiled.ok) {
        return refused('INVALID_REGULAR_EXPRESSION', invalidPatternMessage(now, compiled.description));
      }
      isNew = true;
    } else if (now !== null ? group.regexes.has(now) : old !== null) status = 'resolved';
  }
  if (!isNew && regexes.size === 0) return status;
  if (group.soft.resolving !== null || !isDue(state, context, group, { old, now, isNew })) return status;
  group.soft.resolving = 'due';
  timers.push(memberTimer(group.groupId, 'regex', '', 0));
  return status;
}

/** Members by pattern, when one has replaced `old` by `now`. */
function patternsAfter(group: ConsumerGroup, old: string | null, now: string | null): string[] {
  const counts = group.index.regexes.copy();
  if (old !== null && counts.has(old)) counts.add(old, -1);
  if (now !== null) counts.add(now, 1);
  return [...counts.keys()];
}

function isDue(
  state: GroupState,
  { now: nowMs }: GroupContext,
  group: ConsumerGroup,
  { old, now, isNew }: { old: string | null; now: string | null; isNew: boolean },
): boolean {
  const last: ResolvedRegex | undefined = group.regexes.values().next().value;
  const lastAt = last?.timestamp ?? -Infinity;
  if (nowMs <= lastAt + LEAST_INTERVAL_MS) return false;
  const patterns = patternsAfter(group, old, now).length;
  if (patterns === 0) return false;
  const refreshMs = state.settings.config.values['group.consumer.regex.refresh.interval.ms'];
  return (
    isNew ||
    patterns !== group.regexes.size ||
    (last?.version ?? 0) < state.consumer.topicsVersion ||
    nowMs > lastAt + refreshMs
  );
}

function begin(state: GroupState, group: ConsumerGroup, { image, now }: GroupContext): Resolving {
  const patterns = [...group.index.regexes.keys()].flatMap((text) => {
    const compiled = state.consumer.patterns.compile(text);
    return compiled.ok ? [compiled.pattern] : [];
  });
  return { scan: new TopicScan(patterns, image.topics), version: image.offset, startedAt: now };
}

/** The timer's turn: the next names; after the last, what was found. */
export function resolveSlice(state: GroupState, group: ConsumerGroup, context: GroupContext): GroupDecision<null> {
  const { resolving: before } = group.soft;
  const resolving = before === null || before === 'due' ? begin(state, group, context) : before;
  group.soft.resolving = resolving;
  const { scan } = resolving;
  if (!scan.advance(Math.max(1, Math.floor(SLICE / (scan.matched.size + 1))))) {
    return { records: [], answer: null, timers: [memberTimer(group.groupId, 'regex', '', 0)] };
  }
  group.soft.resolving = null;
  return { records: resolvedRecords(state, group, resolving, context), answer: null };
}

function resolvedRecords(
  state: GroupState,
  group: ConsumerGroup,
  { scan, version, startedAt: timestamp }: Resolving,
  { image, now }: GroupContext,
): GroupRecord[] {
  const { groupId, header, index, soft } = group;
  const records: GroupRecord[] = [];
  const topics = index.topics.copy();
  let changed = false;
  for (const [text, matched] of scan.matched) {
    if (index.regexes.get(text) === 0) continue;
    const found = matched.toSorted();
    const before = group.regexes.get(text)?.topics ?? [];
    if (!sameNames(before, found)) {
      changed = true;
      for (const topic of before) topics.add(topic, -1);
      for (const topic of found) topics.add(topic, 1);
    }
    const value = { topics: found, version, timestamp };
    records.push(record('consumerGroupRegularExpression', { groupId, regularExpression: text }, 0, value));
  }
  const hash = hashOfTopics(state, image, topics.keys());
  if (!changed && hash === header.metadataHash) return records;
  const groupEpoch = header.groupEpoch + 1;
  records.push(epochRecord(groupId, groupEpoch, hash));
  soft.refreshAt = now + REFRESH_MS;
  soft.refreshEpoch = groupEpoch;
  return records;
}
