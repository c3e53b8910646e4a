/** Who is at the other end of a connection. One a connection, on its shard's thread; filled in when the socket is there. */
import type { Peer } from '../api/handler.ts';
import type { ListenerInfo } from './settings.ts';

/** What Kafka calls a client that has not said its name by ApiVersions (KIP-511). */
const UNKNOWN_SOFTWARE = 'unknown';

export class ConnectionPeer implements Peer {
  readonly listenerName: string;
  readonly securityProtocol: Peer['securityProtocol'];
  clientHost = '';
  localPort = 0;
  principal = 'User:ANONYMOUS';
  softwareName: string = UNKNOWN_SOFTWARE;
  softwareVersion: string = UNKNOWN_SOFTWARE;

  constructor(listener: ListenerInfo) {
    this.listenerName = listener.name;
    this.securityProtocol = listener.protocol;
  }
}
