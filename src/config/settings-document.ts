/** SETTINGS.md: the tables of settings as a page for readers. generate-docs.ts writes it; a test holds it current. */

import { BROKER_SETTING_DOMAINS } from './broker-settings.ts';
import { CLIENT_METRICS_SETTINGS } from './client-metrics-settings.ts';
import { allowedText } from './describe-setting.ts';
import { GROUP_SETTINGS } from './group-settings.ts';
import type { Setting, SettingTable } from './setting.ts';
import { TOPIC_SYNONYMS } from './synonyms.ts';
import { TOPIC_ROWS, TOPIC_SETTINGS } from './topic-settings.ts';

const HEAD = `<!-- Generated from the tables in src/config by \`node src/config/generate-docs.ts\`. Do not edit. -->
# Settings

Odradek reads the \`server.properties\` of Apache Kafka 4.4: every setting of Kafka is known, checked, and described to clients
under its own name. Settings that begin with \`shard.\` are Odradek's own.

- A setting is given in the properties file (\`odradek start --config server.properties\`) or on the command line
  (\`--override name=value\`), which goes over the file.
- A wrong value stops the start. A setting in *italics* is accepted and has no effect (yet); those that were given are listed
  once at start, as are names that nobody knows.
- **Changes**: *at start* only; for *one broker* or for *all brokers* also at run time, by AlterConfigs; a topic's always.
- \`9223372036854775807\` means "no limit" or "never". A dash is "no default".
- An empty configuration is one node on 127.0.0.1:9092. For that, four defaults are not Kafka's: \`process.roles\`, \`node.id\`,
  \`controller.listener.names\` and \`listeners\`.
`;

const CHANGES = { 'read-only': 'at start', 'per-broker': 'one broker', 'cluster-wide': 'all brokers' } as const;

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;');
}

function defaultCell(setting: Setting): string {
  if (setting.default === null) return '-';
  return setting.default === '' ? 'empty' : `\`${setting.default}\``;
}

function nameCell(name: string, setting: Setting): string {
  return setting.effect === 'used' ? `\`${name}\`` : `*\`${name}\`*`;
}

function table(settings: SettingTable, last: string, lastCell: (name: string, setting: Setting) => string): string {
  const rows = Object.entries(settings)
    .filter(([, setting]) => !setting.internal)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, setting]) => {
      const cells = [nameCell(name, setting), escape(setting.doc), escape(allowedText(setting)), defaultCell(setting)];
      return `| ${[...cells, lastCell(name, setting)].join(' | ')} |`;
    });
  return [`| setting | what it does | allowed | default | ${last} |`, '|---|---|---|---|---|', ...rows, ''].join('\n');
}

function brokerSynonymCell(name: string): string {
  const synonyms = TOPIC_ROWS.filter(([topicName]) => topicName === name).flatMap(
    ([topicName]) => TOPIC_SYNONYMS[topicName] ?? [],
  );
  return synonyms.length === 0 ? '-' : synonyms.map((synonym) => `\`${synonym.name}\``).join(', ');
}

/** The whole page. */
export function settingsDocument(): string {
  const parts = [HEAD, '## Broker\n'];
  for (const [domain, settings] of Object.entries<SettingTable>(BROKER_SETTING_DOMAINS)) {
    parts.push(
      `### ${domain}\n`,
      table(settings, 'changes', (_, setting) => CHANGES[setting.update]),
    );
  }
  parts.push(
    '## Topic\n',
    'A topic that does not set one of these has the value of the broker setting in the last column.\n',
  );
  parts.push(table(TOPIC_SETTINGS, 'broker setting', brokerSynonymCell));
  parts.push(
    '## Group\n',
    table(GROUP_SETTINGS, 'changes', () => 'always'),
  );
  parts.push(
    '## Client metrics\n',
    table(CLIENT_METRICS_SETTINGS, 'changes', () => 'always'),
  );
  return parts.join('\n');
}
