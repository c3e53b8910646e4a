/** Every API in every version bears what Apache Kafka 4.4 bears. */
import { OVERRIDES } from '../api/settings.ts';
import { replay } from '../harness/replay.ts';
import { SWEEP } from './scenarios.ts';

replay(import.meta.dirname, SWEEP, { overrides: OVERRIDES });
