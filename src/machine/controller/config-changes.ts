/** What a request does to the settings of one resource: new texts, or null for those that go. */
import { brokerSetting } from '../../config/broker-settings.ts';
import { topicSetting } from '../../config/topic-settings.ts';
import type { Setting } from '../../config/setting.ts';
import { ERRORS } from '../../protocol/errors.ts';
import { CONFIG_RESOURCE } from '../image/configs.ts';
import { type Refusal, refuse } from './decision.ts';

/** `AlterConfigOp.OpType`. */
export const OPERATION = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export interface Change {
  readonly name: string;
  readonly value: string | null;
}

/** Of each setting one change; or why there are none. */
export type Changed = readonly Change[] | Refusal;

interface Operation {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

/** IncrementalAlterConfigs: each operation on what is there. */
export function incrementalChanges(
  resourceType: number,
  operations: readonly Operation[],
  current: ReadonlyMap<string, string>,
): Changed {
  const changes: Change[] = [];
  for (const { name, configOperation, value } of operations) {
    switch (configOperation) {
      case OPERATION.set:
        changes.push({ name, value });
        break;
      case OPERATION.delete:
        changes.push({ name, value: null });
        break;
      case OPERATION.append:
      case OPERATION.subtract: {
        const appends = configOperation === OPERATION.append;
        const setting = settingOf(resourceType, name);
        if (setting?.type !== 'LIST') return noList(resourceType, name, appends, setting);
        const before = entriesOf(current.get(name) ?? setting.default ?? '').filter((entry) => entry !== '');
        const given = entriesOf(value ?? '');
        const after = appends ? appended(before, given) : subtracted(before, given);
        changes.push({ name, value: after.join(',') });
        break;
      }
      default:
        return refuse(ERRORS.INVALID_REQUEST, `Unknown operations type ${configOperation}`);
    }
  }
  return changes;
}

/** AlterConfigs: what is given replaces all that is there. */
export function changesOfAll(configs: readonly Change[], current: ReadonlyMap<string, string>): readonly Change[] {
  const given = new Set(configs.map(({ name }) => name));
  const gone = [...current.keys()].filter((name) => !given.has(name));
  return [
    ...configs.map(({ name, value }) => ({ name, value })),
    ...gone.map((name): Change => ({ name, value: null })),
  ];
}

/** Lists of groups are none to Kafka. */
function settingOf(resourceType: number, name: string): Setting | null {
  if (resourceType === CONFIG_RESOURCE.topic) return topicSetting(name);
  return resourceType === CONFIG_RESOURCE.broker ? brokerSetting(name) : null;
}

function noList(resourceType: number, name: string, appends: boolean, setting: Setting | null): Refusal {
  if (resourceType !== CONFIG_RESOURCE.broker) {
    const message = `Can't ${appends ? 'APPEND' : 'SUBTRACT'} to key ${name} because its type is not LIST.`;
    return refuse(ERRORS.INVALID_CONFIG, message);
  }
  if (setting === null) return refuse(ERRORS.INVALID_CONFIG, `Unknown config name: ${name}`);
  const message = `Config value ${appends ? 'append' : 'subtract'} is not allowed for config key: ${name}`;
  return refuse(ERRORS.INVALID_CONFIG, message);
}

/** Java's `split(",")`: without the empty entries at the end, but of an empty text one. */
function entriesOf(text: string): string[] {
  if (text === '') return [''];
  const entries = text.split(',');
  while (entries.at(-1) === '') entries.pop();
  return entries;
}

function appended(before: readonly string[], given: readonly string[]): string[] {
  const after = [...before];
  for (const entry of given) if (!after.includes(entry)) after.push(entry);
  return after;
}

/** Of an entry that is there twice only one goes. */
function subtracted(before: readonly string[], given: readonly string[]): string[] {
  const after = [...before];
  for (const entry of given) {
    const at = after.indexOf(entry);
    if (at >= 0) after.splice(at, 1);
  }
  return after;
}
