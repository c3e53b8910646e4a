/**
 * DescribeConfigs: settings with their value, where it comes from and what else could have given it (KIP-133, KIP-226).
 *
 * v1 synonyms      v3 type and documentation (KIP-569)      v4 flexible
 */
import type { BrokerConfig } from '../config/broker-config.ts';
import {
  describeBrokerConfigs,
  describeDefaultBrokerConfigs,
  describeGroupConfigs,
  describeTopicConfigs,
  type ConfigEntry,
} from '../config/describe.ts';
import { ERRORS, errorMessage } from '../protocol/errors.ts';
import type { DescribeConfigsRequest, DescribeConfigsResponseInput } from '../protocol/schema/32-describe-configs.ts';
import { topicNameProblem } from '../protocol/topic-names.ts';
import type { Api } from './handler.ts';
import type { Services } from './services.ts';

const RESOURCE = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
const TYPES: ReadonlySet<number> = new Set(Object.values(RESOURCE));

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
  const problem = topicNameProblem(name);
  if (problem !== null) return failed(asked, ERRORS.INVALID_TOPIC_EXCEPTION, problem);
  if (!services.image.topics.byName(name)) return failed(asked, ERRORS.UNKNOWN_TOPIC_OR_PARTITION, '');
  const overrides = Object.fromEntries(services.image.configs.of(RESOURCE.topic, name));
  return describe(asked, request, describeTopicConfigs(services.config, overrides, asked.configurationKeys));
}

function describeBroker(asked: Asked, request: DescribeConfigsRequest, nodeId: number, config: BrokerConfig): Result {
  const { resourceName, configurationKeys } = asked;
  if (resourceName === '') return describe(asked, request, describeDefaultBrokerConfigs(config, configurationKeys));
  const problem = brokerProblem(resourceName, nodeId, ' or empty string,');
  if (problem !== null) return failed(asked, ERRORS.INVALID_REQUEST, problem);
  return describe(asked, request, describeBrokerConfigs(config, configurationKeys));
}

function brokerProblem(name: string, nodeId: number, or: string): string | null {
  if (!/^[+-]?\d+$/.test(name)) return `Broker id must be an integer, but it is: ${name}`;
  return Number(name) === nodeId ? null : `Unexpected broker id, expected ${nodeId}${or} but received ${name}`;
}

/** A group need not be there to have settings. */
function describeGroup(asked: Asked, request: DescribeConfigsRequest, { image, config }: Services): Result {
  const { resourceName, configurationKeys } = asked;
  if (resourceName === '') return failed(asked, ERRORS.INVALID_REQUEST, 'Group name must not be empty');
  const overrides = Object.fromEntries(image.configs.of(RESOURCE.group, resourceName));
  return describe(asked, request, describeGroupConfigs(config, overrides, configurationKeys));
}

/** Loggers and client metrics have nothing to describe; who asks for them wrongly hears Kafka's words. */
function refuseOther(asked: Asked, nodeId: number): Result {
  const { resourceType, resourceName } = asked;
  let problem: string | null = null;
  if (resourceType === RESOURCE.brokerLogger) {
    problem = resourceName === '' ? 'Broker id must not be empty' : brokerProblem(resourceName, nodeId, '');
  } else if (resourceName === '') {
    problem = 'Client metrics subscription name must not be empty';
  }
  return failed(
    asked,
    ERRORS.INVALID_REQUEST,
    problem ?? `Resources of type ${resourceType} are not described by this broker`,
  );
}

export const describeConfigs: Api<DescribeConfigsRequest, DescribeConfigsResponseInput, Services> = {
  handle(request, { services }) {
    const { nodeId } = services;
    // One that does not exist spoils the request.
    if (request.resources.some(({ resourceType }) => !TYPES.has(resourceType))) {
      const message = errorMessage(ERRORS.INVALID_REQUEST);
      return {
        throttleTimeMs: 0,
        results: request.resources.map((asked) => failed(asked, ERRORS.INVALID_REQUEST, message)),
      };
    }
    const { config } = services;
    const results = request.resources.map((asked) => {
      if (asked.resourceType === RESOURCE.topic) return describeTopic(asked, request, services);
      if (asked.resourceType === RESOURCE.broker) return describeBroker(asked, request, nodeId, config);
      if (asked.resourceType === RESOURCE.group) return describeGroup(asked, request, services);
      return refuseOther(asked, nodeId);
    });
    return { throttleTimeMs: 0, results };
  },

  failed(request, _context, errorCode) {
    const message = errorMessage(errorCode);
    return { throttleTimeMs: 0, results: request.resources.map((asked) => failed(asked, errorCode, message)) };
  },
};
