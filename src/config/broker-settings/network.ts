/** Broker settings of listeners, sockets, connections and requests. */

import { anyOf, atLeast, int, list, long, oneOf, someOf, string } from '../setting.ts';

export const NETWORK_SETTINGS = {
  'request.timeout.ms': int(
    '30000',
    { importance: 'HIGH' },
    'How long a client in the broker waits for the answer to a request.',
  ),
  'socket.connection.setup.timeout.ms': long(
    '10000',
    {},
    'How long the broker waits for an outgoing connection to be made, at the first try.',
  ),
  'socket.connection.setup.timeout.max.ms': long(
    '30000',
    {},
    'Upper bound of the growing wait for an outgoing connection.',
  ),
  'early.start.listeners': list(
    null,
    { valid: anyOf(), importance: 'HIGH' },
    'Listeners that open before the broker has started completely.',
  ),
  'max.incremental.fetch.session.cache.slots': int(
    '1000',
    { valid: atLeast(0), effect: 'used' },
    'How many incremental fetch sessions the broker remembers.',
  ),
  'fetch.max.bytes': int(
    '57671680',
    { valid: atLeast(1024), effect: 'used' },
    'Upper limit of one fetch answer, whatever the client asks for.',
  ),
  'max.request.partition.size.limit': int(
    '2000',
    { valid: atLeast(1), effect: 'used' },
    'Most partitions that one answer to DescribeTopicPartitions lists.',
  ),
  listeners: list(
    'PLAINTEXT://127.0.0.1:9092',
    { valid: someOf(), importance: 'HIGH', update: 'per-broker', effect: 'used' },
    'Addresses on which the node listens: name://host:port, separated by commas.',
  ),
  'advertised.listeners': list(
    null,
    { valid: someOf(), importance: 'HIGH', effect: 'used' },
    'Addresses that clients are told to connect to; by default the listeners themselves.',
  ),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    { importance: 'LOW', update: 'per-broker', effect: 'used' },
    'Which security protocol each listener name stands for.',
  ),
  'socket.send.buffer.bytes': int(
    '102400',
    { importance: 'HIGH', effect: 'used' },
    'SO_SNDBUF of server sockets; -1 leaves it to the system.',
  ),
  'socket.receive.buffer.bytes': int(
    '102400',
    { importance: 'HIGH', effect: 'used' },
    'SO_RCVBUF of server sockets; -1 leaves it to the system, and so does the default here.',
  ),
  'socket.request.max.bytes': int(
    '104857600',
    { valid: atLeast(1), importance: 'HIGH', effect: 'used' },
    'Largest request that a connection may send.',
  ),
  'socket.listen.backlog.size': int(
    '50',
    { valid: atLeast(1), effect: 'used' },
    'Connections that may wait to be accepted.',
  ),
  'max.connections.per.ip': int(
    '2147483647',
    { valid: atLeast(0), update: 'cluster-wide', effect: 'used' },
    'Connections that one client address may hold.',
  ),
  'max.connections.per.ip.overrides': string(
    '',
    { update: 'cluster-wide', effect: 'used' },
    'Other limits for single hosts, as host:number pairs.',
  ),
  'max.connections': int(
    '2147483647',
    { valid: atLeast(0), update: 'cluster-wide', effect: 'used' },
    'Connections that the broker accepts in all.',
  ),
  'max.connection.creation.rate': int(
    '2147483647',
    { valid: atLeast(0), update: 'cluster-wide' },
    'New connections a second that the broker accepts.',
  ),
  'connections.max.idle.ms': long('600000', { effect: 'used' }, 'Time after which an idle connection is closed.'),
  'connection.failed.authentication.delay.ms': int(
    '100',
    { valid: atLeast(0), importance: 'LOW' },
    'Delay before a connection that failed to authenticate is closed.',
  ),
  'queued.max.requests': int(
    '500',
    { valid: atLeast(1), importance: 'HIGH' },
    'Requests that Apache Kafka queues before its network threads pause.',
  ),
  'queued.max.request.bytes': long(
    '-1',
    {},
    'Bytes of queued requests after which Apache Kafka stops reading; -1 is no limit.',
  ),
  'num.network.threads': int(
    '3',
    { valid: atLeast(1), importance: 'HIGH', update: 'cluster-wide' },
    'Network threads of Apache Kafka for each listener.',
  ),
  'security.inter.broker.protocol': oneOf(
    'PLAINTEXT',
    ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    { effect: 'used' },
    'Security protocol between brokers, when no listener is named for it.',
  ),
  'inter.broker.listener.name': string(null, { effect: 'used' }, 'Listener that brokers use among themselves.'),
};
