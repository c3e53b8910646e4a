/**
 * The first decision of a controller that begins to lead. An empty log gets the records that its directory was formatted with: the
 * features of the cluster; with eligible leader replicas the cluster gets its own min.insync.replicas, which brokers cannot
 * override any more (KIP-966). A metadata transaction that another controller left open is given up.
 */
import { CONFIG_RESOURCE } from '../image/configs.ts';
import { ELR_VERSION } from '../image/features.ts';
import { type MetadataRecord, record } from '../../protocol/record/metadata-records.ts';
import type { Decide } from './decision.ts';
import { MIN_INSYNC_REPLICAS } from './topic-configs.ts';

export const activate: Decide<'activate'> = ({ image, settings }, { bootstrap }) => {
  const records: MetadataRecord[] = [];
  if (image.inTransaction) records.push(record('abortTransaction', { reason: 'Controller failover' }));
  if (image.features.metadataVersion > 0) return { records, answer: null };
  records.push(...bootstrap);
  const elr = bootstrap.some(
    (one) => one.type === 'featureLevel' && one.message.name === ELR_VERSION && one.message.featureLevel > 0,
  );
  if (elr) {
    records.push(
      record('config', {
        resourceType: CONFIG_RESOURCE.broker,
        resourceName: '',
        name: MIN_INSYNC_REPLICAS,
        value: String(settings.config.values[MIN_INSYNC_REPLICAS]),
      }),
    );
  }
  return { records, answer: null };
};
