/** Records of every type over a small space of names and ids, so that they hit each other; drawn from a seed. */
import type { SeededRandom } from '../../../../src/base/prng.ts';
import type { Uuid } from '../../../../src/base/uuid.ts';
import type { MetadataImage } from '../../../../src/machine/image/image.ts';
import { imageRecords } from '../../../../src/machine/image/snapshot.ts';
import {
  encodeRecord,
  type MetadataRecord,
  record,
  type RecordType,
} from '../../../../src/protocol/record/metadata-records.ts';

const id = (kind: string, n: number): Uuid => `${kind}${n}`.padEnd(16, '.') as Uuid;

/** Draws records that fit the image they are given: changes name what exists, now and then what does not. */
export class RandomRecords {
  readonly #random: SeededRandom;
  #topics = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  #below(limit: number): number {
    return this.#random.below(limit);
  }

  #ids(limit = 4): number[] {
    return Array.from({ length: 1 + this.#below(3) }, () => this.#below(limit)).filter((x, i, a) => a.indexOf(x) === i);
  }

  #list<T>(make: (n: number) => T): T[] {
    return Array.from({ length: this.#below(3) }, (_, n) => make(n));
  }

  #topicId(image: MetadataImage): Uuid {
    const topics = [...image.topics];
    return topics[this.#below(topics.length + 1)]?.id ?? id('none', 0);
  }

  #topicName(image: MetadataImage): string {
    const topics = [...image.topics];
    return topics[this.#below(topics.length + 1)]?.name ?? '';
  }

  #epoch(image: MetadataImage, broker: number): number {
    return (image.cluster.broker(broker)?.epoch ?? 0) + (this.#below(5) === 0 ? 1 : 0);
  }

  readonly #makers: { readonly [T in RecordType]: (image: MetadataImage) => MetadataRecord } = {
    registerBroker: () =>
      record('registerBroker', {
        brokerId: this.#below(4),
        isMigratingZkBroker: false,
        incarnationId: id('i', this.#below(1000)),
        brokerEpoch: this.#below(1e6),
        endPoints: this.#list((n) => ({ name: `L${n}`, host: 'h', port: n, securityProtocol: n })),
        features: this.#list((n) => ({ name: `f${n}`, minSupportedVersion: 0, maxSupportedVersion: n })),
        rack: this.#below(2) === 0 ? null : 'r',
        fenced: this.#below(2) === 0,
        inControlledShutdown: this.#below(2) === 0,
        logDirs: this.#list((n) => id('d', 9 - n)),
        cordonedLogDirs: this.#below(2) === 0 ? null : [id('d', 1)],
      }),
    unregisterBroker: () => record('unregisterBroker', { brokerId: this.#below(4), brokerEpoch: 0 }),
    fenceBroker: (image) => {
      const broker = this.#below(4);
      return record('fenceBroker', { id: broker, epoch: this.#epoch(image, broker) });
    },
    unfenceBroker: (image) => {
      const broker = this.#below(4);
      return record('unfenceBroker', { id: broker, epoch: this.#epoch(image, broker) });
    },
    brokerRegistrationChange: (image) => {
      const brokerId = this.#below(4);
      return record('brokerRegistrationChange', {
        brokerId,
        brokerEpoch: this.#epoch(image, brokerId),
        fenced: this.#below(3) - 1,
        inControlledShutdown: this.#below(2),
        logDirs: this.#list((n) => id('d', 5 - n)),
        cordonedLogDirs: this.#below(2) === 0 ? null : [],
      });
    },
    registerController: () =>
      record('registerController', {
        controllerId: this.#below(3),
        incarnationId: id('c', this.#below(1000)),
        zkMigrationReady: false,
        endPoints: this.#list((n) => ({ name: `C${n}`, host: 'h', port: n, securityProtocol: 0 })),
        features: [],
      }),
    unregisterController: () => record('unregisterController', { controllerId: this.#below(3) }),
    topic: () => {
      const n = this.#topics++;
      return record('topic', { name: `${'abc'[n % 3]}${n % 2 === 0 ? '.' : '_'}${n}`, topicId: id('t', n) });
    },
    removeTopic: (image) => record('removeTopic', { topicId: this.#topicId(image) }),
    partition: (image) => {
      const replicas = this.#ids();
      return record('partition', {
        partitionId: this.#below(6),
        topicId: this.#topicId(image),
        replicas,
        isr: replicas.slice(0, this.#below(replicas.length + 1)),
        removingReplicas: this.#below(4) === 0 ? this.#ids() : [],
        addingReplicas: this.#below(4) === 0 ? this.#ids() : [],
        leader: this.#below(5) - 1,
        leaderRecoveryState: this.#below(2),
        leaderEpoch: this.#below(9),
        partitionEpoch: this.#below(9),
        directories: replicas.map((broker) => id('d', broker)),
        eligibleLeaderReplicas: this.#below(2) === 0 ? null : this.#ids(),
        lastKnownElr: this.#below(2) === 0 ? null : this.#ids(),
      });
    },
    partitionChange: (image) =>
      record('partitionChange', {
        partitionId: this.#below(6),
        topicId: this.#topicId(image),
        isr: this.#below(2) === 0 ? null : this.#ids(),
        leader: this.#below(6) - 2,
        replicas: this.#below(2) === 0 ? null : this.#ids(),
        removingReplicas: this.#below(2) === 0 ? null : [],
        addingReplicas: this.#below(2) === 0 ? null : this.#ids(),
        leaderRecoveryState: this.#below(3) - 1,
        directories: this.#below(2) === 0 ? null : [id('d', this.#below(3))],
        eligibleLeaderReplicas: this.#below(2) === 0 ? null : [],
        lastKnownElr: this.#below(2) === 0 ? null : this.#ids(),
      }),
    clearElr: (image) => record('clearElr', { topicName: this.#topicName(image) }),
    config: (image) => {
      const isTopic = this.#below(2) === 0;
      return record('config', {
        resourceType: isTopic ? 2 : 4,
        resourceName: isTopic ? this.#topicName(image) : (['', '1'][this.#below(2)] ?? ''),
        name: `setting.${this.#below(3)}`,
        value: this.#below(3) === 0 ? null : `v${this.#below(9)}`,
      });
    },
    featureLevel: () => record('featureLevel', { name: `feature.${this.#below(3)}`, featureLevel: this.#below(3) }),
    producerIds: (image) =>
      record('producerIds', { brokerId: 1, brokerEpoch: 5, nextProducerId: image.nextProducerId + 1 + this.#below(9) }),
    clientQuota: () =>
      record('clientQuota', {
        entity: [{ entityType: 'user', entityName: this.#below(2) === 0 ? null : `u${this.#below(2)}` }],
        key: `quota${this.#below(2)}`,
        value: this.#below(100),
        remove: this.#below(3) === 0,
      }),
    accessControlEntry: () =>
      record('accessControlEntry', {
        id: id('a', this.#below(5)),
        resourceType: 2,
        resourceName: `r${this.#below(9)}`,
        patternType: 3,
        principal: 'User:u',
        host: '*',
        operation: 3,
        permissionType: 3,
      }),
    removeAccessControlEntry: () => record('removeAccessControlEntry', { id: id('a', this.#below(5)) }),
    userScramCredential: () =>
      record('userScramCredential', {
        name: `u${this.#below(3)}`,
        mechanism: 1,
        salt: this.#random.bytes(4),
        storedKey: this.#random.bytes(4),
        serverKey: this.#random.bytes(4),
        iterations: 4096,
      }),
    removeUserScramCredential: () => record('removeUserScramCredential', { name: `u${this.#below(3)}`, mechanism: 1 }),
    delegationToken: () =>
      record('delegationToken', {
        owner: 'User:o',
        requester: 'User:r',
        renewers: [],
        issueTimestamp: 1,
        maxTimestamp: 2,
        expirationTimestamp: this.#below(100),
        tokenId: `t${this.#below(3)}`,
      }),
    removeDelegationToken: () => record('removeDelegationToken', { tokenId: `t${this.#below(3)}` }),
    noOp: () => record('noOp', {}),
    zkMigrationState: () => record('zkMigrationState', { zkMigrationState: 0 }),
    beginTransaction: () => record('beginTransaction', { name: null }),
    endTransaction: () => record('endTransaction', {}),
    abortTransaction: () => record('abortTransaction', { reason: null }),
  };

  next(image: MetadataImage): MetadataRecord {
    const often: readonly RecordType[] = ['topic', 'partition', 'partition', 'partitionChange', 'config'];
    const rare = Object.keys(this.#makers) as RecordType[];
    const pool = this.#below(2) === 0 ? often : rare.filter((type) => !type.endsWith('Transaction'));
    return this.#makers[pool[this.#below(pool.length)] as RecordType](image);
  }
}

/** The whole content of an image, whatever the order in which it was filled. */
export function contentOf(image: MetadataImage): string[] {
  return [...imageRecords(image)].map((one) => encodeRecord(one).toString('latin1')).toSorted();
}
