/**
 * The classic protocol of groups (JoinGroup to LeaveGroup): members agree on a leader, the leader assigns, the broker keeps time.
 *
 *   live.ts       a group as it lives; the picture of its states          rebalance.ts   the rules of a rebalance
 *   join.ts       static.ts   sync.ts   heartbeat.ts   leave.ts   describe.ts            a request each
 *   later.ts      timers, failed writes, the beginning                    turn.ts        a decision in the making
 *   group.ts      the group as offsets, listing and deletion see it, and its replay      record.ts   its record
 */
export { beginClassic } from './later.ts';
export { LiveGroup } from './live.ts';
import { describeGroups } from './describe.ts';
import { replayGroupMetadata } from './group.ts';
import { heartbeat } from './heartbeat.ts';
import { joinGroup } from './join.ts';
import { classicFailed, classicTimer } from './later.ts';
import { leaveGroup } from './leave.ts';
import { syncGroup } from './sync.ts';

export const CLASSIC_DECISIONS = {
  JoinGroup: joinGroup,
  SyncGroup: syncGroup,
  Heartbeat: heartbeat,
  LeaveGroup: leaveGroup,
  classicTimer,
  classicFailed,
} as const;
export const CLASSIC_QUERIES = { DescribeGroups: describeGroups } as const;
export const CLASSIC_REPLAYS = { groupMetadata: replayGroupMetadata } as const;
