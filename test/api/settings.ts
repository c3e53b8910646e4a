/**
 * Settings of the broker under test beyond the defaults. Those of Kafka's are what the broker that expected/ was recorded from had, as
 * DescribeConfigs tells them.
 */
export const OVERRIDES: Readonly<Record<string, string | number>> = {
  'shard.count': 2,
};
