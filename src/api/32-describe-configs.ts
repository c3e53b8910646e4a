/**
 * DescribeConfigs: settings with their value, where it comes from and what else could have given it (KIP-133, KIP-226).
 *
 * v1 synonyms      v3 type and documentation (KIP-569)      v4 flexible
 */
import {
  describeBrokerConfigs,
  describeDefaultBrokerConfigs,
  describeTopicConfigs,
  type ConfigEntry,
} from '../config/describe.ts';
import { ERRORS } from '../protocol/errors.ts';
import type { DescribeConfigsRequest, DescribeConfigsResponseInput } from '../protocol/schema/32-describe-configs.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';
import { isLegalTopicName } from './topics.ts';

const RESOURCE = { topic: 2, broker: 4 } as const;

type Asked = DescribeConfigsRequest['resources'][number];
type Result = DescribeConfigsResponseInput['results'][number];

function failed({ resourceType, resourceName }: Asked, errorCode: number, errorMessage: string | null): Result {
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] };
}

function describe(asked: Asked, request: DescribeConfigsRequest, entries: readonly ConfigEntry[]): Result {
  return {
    errorCode: ERRORS.NONE,
    errorMessage: '',
    resourceType: asked.resourceType,
    resourceName: asked.resourceName,
    configs: entries.map((entry) => ({
      ...entry,
      synonyms: request.includeSynonyms ? entry.synonyms : [],
      documentation: request.includeDocumentation ? entry.documentation : null,
    })),
  };
}

function describeTopic(asked: Asked, request: DescribeConfigsRequest, services: Services): Result {
  const name = asked.resourceName;
  if (!isLegalTopicName(name)) {
    return failed(
      asked,
      ERRORS.INVALID_TOPIC_EXCEPTION,
      'The request attempted to perform an operation on an invalid topic.',
    );
  }
  if (!services.image.topics.byName(name)) {
    return failed(asked, ERRORS.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
  }
  const overrides = Object.fromEntries(services.image.configs.of(RESOURCE.topic, name));
  return describe(asked, request, describeTopicConfigs(services.config, overrides, asked.configurationKeys));
}

function describeBroker(asked: Asked, request: DescribeConfigsRequest, services: Services): Result {
  const { resourceName, configurationKeys } = asked;
  if (resourceName === '')
    return describe(asked, request, describeDefaultBrokerConfigs(services.config, configurationKeys));
  if (resourceName === String(services.nodeId)) {
    return describe(asked, request, describeBrokerConfigs(services.config, configurationKeys));
  }
  const isNumber = /^-?\d+$/.test(resourceName);
  const text = isNumber
    ? `Unexpected broker id, expected ${services.nodeId} or empty string, but received ${resourceName}`
    : `Broker id must be an integer, but it is: ${resourceName}`;
  return failed(asked, ERRORS.INVALID_REQUEST, text);
}

export const describeConfigs: Api<DescribeConfigsRequest, DescribeConfigsResponseInput, Services> = {
  handle(request, { services }) {
    const results = request.resources.map((asked) => {
      if (asked.resourceType === RESOURCE.topic) return describeTopic(asked, request, services);
      if (asked.resourceType === RESOURCE.broker) return describeBroker(asked, request, services);
      return failed(asked, ERRORS.INVALID_REQUEST, `Unsupported resource type: ${asked.resourceType}`);
    });
    return { throttleTimeMs: 0, results };
  },

  failed(request, _context, errorCode) {
    return { throttleTimeMs: 0, results: request.resources.map((asked) => failed(asked, errorCode, null)) };
  },
};
