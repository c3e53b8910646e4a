/** What network needs of the configuration, as plain values. */
import type { Peer } from '../api/handler.ts';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { SocketBuffers } from '../port/net.ts';

/**
 * Kafka's own, taken for "nobody has said": with so little of a request in the kernel at once, 256 KiB batches cost 1.6 times the processor time.
 */
const RECEIVE_DEFAULT = 102_400;

/** One entry of `listeners`. */
export interface ListenerInfo {
  readonly name: string;
  readonly protocol: Peer['securityProtocol'];
}

export interface ListenerAddress extends ListenerInfo {
  /** Empty: all addresses. */
  readonly host: string;
  readonly port: number;
}

/** A shard's. */
export interface NetworkSettings {
  /** socket.request.max.bytes */
  readonly requestMaxBytes: number;
  /** connections.max.idle.ms; Infinity: never. */
  readonly idleMs: number;
  /** socket.send.buffer.bytes and socket.receive.buffer.bytes; below zero: the system's affair. */
  readonly buffers: SocketBuffers;
}

/** The acceptor's. */
export interface ConnectionLimits {
  /** max.connections */
  readonly total: number;
  /** max.connections.per.ip */
  readonly perAddress: number;
  /** max.connections.per.ip.overrides, by address. */
  readonly perAddressOverrides: ReadonlyMap<string, number>;
  /** max.connection.creation.rate, connections a second. */
  readonly creationRate: number;
}

export function networkSettings(config: BrokerConfig): NetworkSettings {
  const idleMs = config.values['connections.max.idle.ms'];
  const receive = config.values['socket.receive.buffer.bytes'];
  return {
    requestMaxBytes: config.values['socket.request.max.bytes'],
    idleMs: idleMs < 0 ? Number.POSITIVE_INFINITY : idleMs,
    buffers: {
      send: config.values['socket.send.buffer.bytes'],
      receive: receive === RECEIVE_DEFAULT ? -1 : receive,
    },
  };
}

export function connectionLimits(config: BrokerConfig): ConnectionLimits {
  return {
    total: config.values['max.connections'],
    perAddress: config.values['max.connections.per.ip'],
    perAddressOverrides: new Map(Object.entries(config.maxConnectionsPerIpOverrides)),
    creationRate: config.values['max.connection.creation.rate'],
  };
}
