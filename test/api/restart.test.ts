/** A broker that is stopped or killed and started again answers as Apache Kafka 4.4 does then. */
import { replay } from '../harness/replay.ts';
import { RESTARTS } from './scenarios.ts';
import { OVERRIDES } from './settings.ts';

replay(import.meta.dirname, RESTARTS, { overrides: OVERRIDES });
