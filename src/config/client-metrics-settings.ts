/** Settings of a client-metrics subscription (KIP-714). */

import { anyOf, int, list } from './setting.ts';

export const CLIENT_METRICS_SETTINGS = {
  'interval.ms': int('300000', {}, 'Time between two pushes of a matching client.'),
  match: list('', { valid: anyOf() }, 'Which clients match, as attribute=pattern pairs.'),
  metrics: list('', { valid: anyOf() }, 'Prefixes of the metric names that matching clients push; * means all.'),
};
