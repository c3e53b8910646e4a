/** A broker forgets transactional ids as Apache Kafka 4.4 does under the same settings. */
import { replay } from '../harness/replay.ts';
import { EXPIRATION } from './scenarios.ts';
import { EXPIRATION_OVERRIDES } from './settings.ts';

replay(import.meta.dirname, EXPIRATION, { overrides: EXPIRATION_OVERRIDES });
