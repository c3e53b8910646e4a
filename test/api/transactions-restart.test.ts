/** A broker that is stopped or killed in the middle of transactions and started again answers as Apache Kafka 4.4 does then. */
import { replay } from '../harness/replay.ts';
import { TRANSACTION_RESTARTS } from './scenarios.ts';
import { TRANSACTION_OVERRIDES } from './settings.ts';

replay(import.meta.dirname, TRANSACTION_RESTARTS, { overrides: TRANSACTION_OVERRIDES });
