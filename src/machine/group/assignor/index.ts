/**
 * The server-side assignors of the consumer protocol (KIP-848), by the name that members ask for. Pure and deterministic: the same members,
 * subscriptions and earlier assignment give the assignment that Kafka 4.4 gives.
 */
import { assignHeterogeneous } from './heterogeneous.ts';
import { assignHomogeneous } from './homogeneous.ts';
import { assignRange } from './range.ts';
import { type Assign, isHomogeneous } from './spec.ts';

export type AssignorName = 'uniform' | 'range';

export const ASSIGNORS: Readonly<Record<AssignorName, Assign>> = {
  uniform: (spec) => (isHomogeneous(spec) ? assignHomogeneous(spec) : assignHeterogeneous(spec)),
  range: assignRange,
};
