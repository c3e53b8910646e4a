/** Brokers and controllers as they registered. Registrations are replaced, never changed in place. */
import type { UndoJournal } from '../../base/undo-map.ts';
import type { Uuid } from '../../base/uuid.ts';
import { JournaledMap } from './journaled-map.ts';
import type { RecordMessage } from '../../protocol/record/metadata-records.ts';

/** Kafka's numbers of security protocols. */
export const SECURITY_PROTOCOLS = { PLAINTEXT: 0, SSL: 1, SASL_PLAINTEXT: 2, SASL_SSL: 3 } as const;

export interface RegisteredEndpoint {
  /** Of the listener. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly securityProtocol: number;
}

export interface SupportedFeature {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

export interface BrokerRegistration {
  readonly id: number;
  readonly epoch: number;
  /** New with each start of the broker. */
  readonly incarnationId: Uuid;
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly features: readonly SupportedFeature[];
  readonly rack: string | null;
  readonly fenced: boolean;
  readonly inControlledShutdown: boolean;
  /** Its online directories, sorted. */
  readonly logDirs: readonly Uuid[];
  /** Directories that take no new partitions (KIP-1066); null: never told. */
  readonly cordonedLogDirs: readonly Uuid[] | null;
}

export interface ControllerRegistration {
  readonly id: number;
  readonly incarnationId: Uuid;
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly features: readonly SupportedFeature[];
}

type Change = Partial<Omit<BrokerRegistration, 'id' | 'epoch'>>;

export class ClusterImage {
  readonly #brokers: JournaledMap<number, BrokerRegistration>;
  readonly #controllers: JournaledMap<number, ControllerRegistration>;
  #sorted: readonly BrokerRegistration[] | null = null;

  constructor(journal: UndoJournal | null) {
    this.#brokers = new JournaledMap(journal);
    this.#controllers = new JournaledMap(journal);
  }

  broker(id: number): BrokerRegistration | undefined {
    return this.#brokers.get(id);
  }

  /** All that are registered, by id. */
  brokers(): readonly BrokerRegistration[] {
    const sorted = this.#sorted;
    // Undoing changes the map behind our back: the sizes or an entry differ then.
    if (sorted?.length === this.#brokers.size && sorted.every((broker) => this.#brokers.get(broker.id) === broker)) {
      return sorted;
    }
    this.#sorted = [...this.#brokers.values()].toSorted((a, b) => a.id - b.id);
    return this.#sorted;
  }

  /** Those that clients are told of. */
  aliveBrokers(): readonly BrokerRegistration[] {
    return this.brokers().filter((broker) => !broker.fenced);
  }

  controllers(): readonly ControllerRegistration[] {
    return [...this.#controllers.values()].toSorted((a, b) => a.id - b.id);
  }

  /** Where a broker is reached through a listener; undefined where it has no such listener or is unknown. */
  endpoint(id: number, listener: string): RegisteredEndpoint | undefined {
    return this.#brokers.get(id)?.endpoints.find(({ name }) => name === listener);
  }

  // ---- changed by replay only

  register(message: RecordMessage<'registerBroker'>): void {
    this.#brokers.set(message.brokerId, {
      id: message.brokerId,
      epoch: message.brokerEpoch,
      incarnationId: message.incarnationId,
      endpoints: message.endPoints.map(endpointOf),
      features: message.features.map(featureOf),
      rack: message.rack,
      fenced: message.fenced,
      inControlledShutdown: message.inControlledShutdown,
      logDirs: [...message.logDirs].toSorted(),
      cordonedLogDirs: message.cordonedLogDirs,
    });
  }

  unregister(id: number): void {
    this.#brokers.delete(id);
  }

  /** A change names the registration by its epoch; one of an older registration changes nothing. */
  change(id: number, epoch: number, change: Change): void {
    const broker = this.#brokers.get(id);
    if (broker?.epoch === epoch) this.#brokers.set(id, { ...broker, ...change });
  }

  registerController(message: RecordMessage<'registerController'>): void {
    this.#controllers.set(message.controllerId, {
      id: message.controllerId,
      incarnationId: message.incarnationId,
      endpoints: message.endPoints.map(endpointOf),
      features: message.features.map(featureOf),
    });
  }

  unregisterController(id: number): void {
    this.#controllers.delete(id);
  }
}

function endpointOf({ name, host, port, securityProtocol }: RegisteredEndpoint): RegisteredEndpoint {
  return { name, host, port, securityProtocol };
}

function featureOf(feature: {
  name: string;
  minSupportedVersion: number;
  maxSupportedVersion: number;
}): SupportedFeature {
  return { name: feature.name, min: feature.minSupportedVersion, max: feature.maxSupportedVersion };
}
