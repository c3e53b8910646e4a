/** One broker with two shards answers every scenario as Apache Kafka 4.4 did. */
import { replay } from '../harness/replay.ts';
import { SCENARIOS } from './scenarios.ts';
import { OVERRIDES } from './settings.ts';

replay(import.meta.dirname, SCENARIOS, { overrides: OVERRIDES });
