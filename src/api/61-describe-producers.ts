/** DescribeProducers: the producers that partitions know, and where their open transactions begin, to find those that hang (KIP-664). */
import { ERRORS, errorMessage } from '../protocol/errors.ts';
import type {
  DescribeProducersRequest,
  DescribeProducersResponseInput,
} from '../protocol/schema/61-describe-producers.ts';
import { topicNameProblem } from '../protocol/topic-names.ts';
import type { Api } from './handler.ts';
import type { DescribedProducers, PartitionKey, Services } from './services.ts';

interface Answer extends DescribedProducers {
  readonly errorMessage?: string | null;
}

function respond(request: DescribeProducersRequest, answers: readonly Answer[]): DescribeProducersResponseInput {
  let place = 0;
  return {
    throttleTimeMs: 0,
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...(answers[place++] as Answer) })),
    })),
  };
}

function refused(errorCode: number, text: string | null = null): Answer {
  return { errorCode, errorMessage: text, activeProducers: [] };
}

export const describeProducers: Api<DescribeProducersRequest, DescribeProducersResponseInput, Services> = {
  async handle(request, { services }) {
    const answers: Answer[] = [];
    const items: PartitionKey[] = [];
    const places: number[] = [];
    for (const { name, partitionIndexes } of request.topics) {
      const problem = topicNameProblem(name);
      const topic = services.image.topics.byName(name);
      // Kafka says more of a topic that is missing than of a partition.
      const text = topic ? null : (problem ?? errorMessage(ERRORS.UNKNOWN_TOPIC_OR_PARTITION));
      const missing = refused(
        problem === null ? ERRORS.UNKNOWN_TOPIC_OR_PARTITION : ERRORS.INVALID_TOPIC_EXCEPTION,
        text,
      );
      for (const partition of partitionIndexes) {
        if (topic?.has(partition)) {
          places.push(answers.length);
          items.push({ topicId: topic.id, partition });
        }
        answers.push(missing);
      }
    }
    const described = await services.describeProducers(items);
    described.forEach((each, i) => {
      answers[places[i] as number] = each;
    });
    return respond(request, answers);
  },

  failed(request, _context, errorCode) {
    const count = request.topics.reduce((sum, topic) => sum + topic.partitionIndexes.length, 0);
    return respond(
      request,
      Array.from({ length: count }, () => refused(errorCode)),
    );
  },
};
