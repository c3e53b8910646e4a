/** Groups of the consumer protocol (KIP-848): the rows of the machine's tables. */
import { queryConsumerGroup } from './describe.ts';
import { consumerTimer, topicsChanged } from './fired.ts';
import { decideHeartbeat } from './heartbeat.ts';

export { besideClassic } from './classic-requests.ts';
export { beginConsumerGroups, forget as forgetTopics } from './fired.ts';
export { CONSUMER_REPLAYS } from './replay.ts';
export { ConsumerState } from './state.ts';

export const CONSUMER_DECISIONS = {
  ConsumerGroupHeartbeat: decideHeartbeat,
  consumerTimer,
  topicsChanged,
} as const;

export const CONSUMER_QUERIES = { ConsumerGroupDescribe: queryConsumerGroup } as const;
