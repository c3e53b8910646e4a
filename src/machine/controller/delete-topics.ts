/** DeleteTopics (key 20): by name, and by id since v6 (KIP-516). */
import { type Uuid, ZERO_UUID } from '../../base/uuid.ts';
import { ERRORS, errorMessage } from '../../protocol/errors.ts';
import type { RequestOf, ResponseOf } from '../../protocol/schema/index.ts';
import type { MetadataImage } from '../image/image.ts';
import type { TopicImage } from '../image/topic.ts';
import { record } from '../../protocol/record/metadata-records.ts';
import { type Decide, MAX_RECORDS_PER_REQUEST, type Refusal, TOO_MANY_RECORDS, refuse } from './decision.ts';

type Request = RequestOf<'DeleteTopics'>;
type Wanted = Request['topics'][number];
type Result = NonNullable<ResponseOf<'DeleteTopics'>['responses']>[number];

/** The first version that can say TOPIC_DELETION_DISABLED. */
const TELLS_DISABLED = 3;

export const deleteTopics: Decide<'DeleteTopics'> = ({ image, settings }, { request, version }) => {
  const wanted = namedOf(request);
  if (!settings.config.values['delete.topic.enable']) {
    const code = version < TELLS_DISABLED ? ERRORS.INVALID_REQUEST : ERRORS.TOPIC_DELETION_DISABLED;
    return answer(wanted.map((one) => result(one, refuse(code, null))));
  }
  if (request.timeoutMs <= 0) {
    return answer(wanted.map((one) => result(one, refuse(ERRORS.REQUEST_TIMED_OUT, null))));
  }
  const results: Result[] = [];
  const topics = new Map<Uuid, TopicImage>();
  for (const one of withoutRepetitions(wanted, image, results)) {
    const topic = one.name === null ? image.topics.byId(one.topicId) : image.topics.byName(one.name);
    if (topic === undefined) results.push(result(one, unknown(one)));
    else topics.set(topic.id, topic);
  }
  const tooMany = topics.size > MAX_RECORDS_PER_REQUEST;
  const outcome = tooMany ? refuse(ERRORS.POLICY_VIOLATION, TOO_MANY_RECORDS) : refuse(ERRORS.NONE, null);
  for (const { name, id } of topics.values()) results.push(result({ name, topicId: id }, outcome));
  const records = tooMany ? [] : [...topics.keys()].map((topicId) => record('removeTopic', { topicId }));
  return { records, answer: { throttleTimeMs: 0, responses: results } };
};

function answer(responses: readonly Result[]): ReturnType<Decide<'DeleteTopics'>> {
  return { records: [], answer: { throttleTimeMs: 0, responses } };
}

function namedOf({ topics, topicNames }: Request): readonly Wanted[] {
  return [...topics, ...topicNames.map((name) => ({ name, topicId: ZERO_UUID }))];
}

function result({ name, topicId }: Wanted, { errorCode, errorMessage: text }: Refusal): Result {
  return { name, topicId, errorCode, errorMessage: text };
}

function unknown({ name }: Wanted): Refusal {
  const code = name === null ? ERRORS.UNKNOWN_TOPIC_ID : ERRORS.UNKNOWN_TOPIC_OR_PARTITION;
  return refuse(code, errorMessage(code));
}

function invalid(message: string): Refusal {
  return refuse(ERRORS.INVALID_REQUEST, message);
}

/** What is named once and in one way only; the rest goes to `results`. */
function withoutRepetitions(wanted: readonly Wanted[], image: MetadataImage, results: Result[]): Wanted[] {
  const names = new Map<string, number>();
  const ids = new Map<Uuid, number>();
  const named: Wanted[] = [];
  for (const one of wanted) {
    const { name, topicId } = one;
    if (name === null && topicId === ZERO_UUID) {
      results.push(result(one, invalid('Neither topic name nor id were specified.')));
    } else if (name !== null && topicId !== ZERO_UUID) {
      results.push(result(one, invalid('You may not specify both topic name and topic id.')));
    } else {
      named.push(one);
      if (name === null) ids.set(topicId, (ids.get(topicId) ?? 0) + 1);
      else names.set(name, (names.get(name) ?? 0) + 1);
    }
  }
  for (const [name, count] of names) {
    if (count > 1) results.push(result({ name, topicId: ZERO_UUID }, invalid('Duplicate topic name.')));
  }
  for (const [topicId, count] of ids) {
    if (count > 1) results.push(result({ name: null, topicId }, invalid('Duplicate topic id.')));
  }
  const once = named.filter(({ name, topicId }) => (name === null ? ids.get(topicId) : names.get(name)) === 1);
  return once.filter((one) => !isNamedTwice(one, once, image, results));
}

/** A topic that is named by its name and by its id is not deleted, and told of once. */
function isNamedTwice(one: Wanted, all: readonly Wanted[], image: MetadataImage, results: Result[]): boolean {
  const topic = one.name === null ? image.topics.byId(one.topicId) : image.topics.byName(one.name);
  if (topic === undefined) return false;
  const twice = all.some(
    (other) => other !== one && (one.name === null ? other.name === topic.name : other.topicId === topic.id),
  );
  if (twice && one.name !== null) {
    const message = 'The provided topic name maps to an ID that was already supplied.';
    results.push(result({ name: topic.name, topicId: topic.id }, invalid(message)));
  }
  return twice;
}
