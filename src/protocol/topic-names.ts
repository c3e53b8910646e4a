/** Which names topics may have, and which topics are the brokers' own (Kafka's `Topic`). */

const MAX_LENGTH = 249;
const LEGAL = /^[a-zA-Z0-9._-]*$/;

/** The log of the metadata itself: it is nobody's topic. */
export const METADATA_TOPIC = '__cluster_metadata';

/** Where the coordinators of groups keep their records. */
export const OFFSETS_TOPIC = '__consumer_offsets';

/** Where the coordinators of transactions keep theirs. */
export const TRANSACTIONS_TOPIC = '__transaction_state';

/** Topics that only brokers write to. */
export const INTERNAL_TOPICS: readonly string[] = [OFFSETS_TOPIC, TRANSACTIONS_TOPIC, '__share_group_state'];

export function isInternalTopic(name: string): boolean {
  return name.startsWith('__') && INTERNAL_TOPICS.includes(name);
}

/** What is wrong with a name, in Kafka's words; null: nothing. */
export function topicNameProblem(name: string): string | null {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed';
  if (name === '.') return "Topic name is invalid: '.' is not allowed";
  if (name === '..') return "Topic name is invalid: '..' is not allowed";
  if (name.length > MAX_LENGTH) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`;
  }
  if (!LEGAL.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return null;
}

export function isLegalTopicName(name: string): boolean {
  return topicNameProblem(name) === null;
}
