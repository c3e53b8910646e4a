/** The kernel's chance. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../port/random.ts';

export const systemRandom: Random = {
  bytes: (size) => randomBytes(size),
  below: (limit) => randomInt(limit),
};
