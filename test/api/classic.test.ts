/** A broker that waits less for members answers the classic protocol of groups as Apache Kafka 4.4 does under the same settings. */
import { replay } from '../harness/replay.ts';
import { CLASSIC } from './scenarios.ts';
import { CLASSIC_OVERRIDES } from './settings.ts';

replay(import.meta.dirname, CLASSIC, { overrides: CLASSIC_OVERRIDES });
