/** A broker answers everything about transactions as Apache Kafka 4.4 does. */
import { replay } from '../harness/replay.ts';
import { TRANSACTIONS } from './scenarios.ts';
import { TRANSACTION_OVERRIDES } from './settings.ts';

replay(import.meta.dirname, TRANSACTIONS, { overrides: TRANSACTION_OVERRIDES });
