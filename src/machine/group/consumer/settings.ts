/** The settings of one group: its own (resource GROUP of the image), within the broker's limits, or the broker's. */
import { ASSIGNOR_CLASSES } from '../../../config/broker-checks.ts';
import type { BrokerValues } from '../../../config/broker-settings.ts';
import { CONFIG_RESOURCE } from '../../image/configs.ts';
import type { MetadataImage } from '../../image/image.ts';
import type { GroupState } from '../machine.ts';

/** How long metadata that nobody says has changed is taken as it is. */
export const REFRESH_MS = 2 ** 31 - 1;

type Name = 'session.timeout.ms' | 'heartbeat.interval.ms' | 'assignment.interval.ms';

/** Milliseconds. */
export function groupSetting(state: GroupState, image: MetadataImage, groupId: string, name: Name): number {
  const { values } = state.settings.config;
  const own = image.configs.of(CONFIG_RESOURCE.group, groupId).get(`consumer.${name}`);
  if (own === undefined) return values[`group.consumer.${name}`];
  const least = values[`group.consumer.min.${name}`];
  const most = values[`group.consumer.max.${name}`];
  return Math.min(Math.max(Number(own), least), most);
}

/** The names of the assignors that members may ask for, the default first. A class of Kafka's own is known by its assignor's name. */
export function assignorNames(values: BrokerValues): readonly string[] {
  return values['group.consumer.assignors'].map((name) => ASSIGNOR_CLASSES[name] ?? name);
}

/** The assignor of members that ask for none. */
export function defaultAssignor(values: BrokerValues): string {
  return assignorNames(values)[0] ?? 'uniform';
}

/** Which ways groups may go while they are in use; the setting's case does not matter. */
export function migrationPolicy(values: BrokerValues): { readonly upgrade: boolean; readonly downgrade: boolean } {
  const policy = values['group.consumer.migration.policy'].toLowerCase();
  return {
    upgrade: policy === 'upgrade' || policy === 'bidirectional',
    downgrade: policy === 'downgrade' || policy === 'bidirectional',
  };
}
