/** Listeners: `name://host:port` entries, the protocols behind their names, and Kafka's checks of them. */

import { invalidValue } from './check-value.ts';
import type { ParseResult } from './parse-value.ts';

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';

export const SECURITY_PROTOCOLS: readonly SecurityProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

export interface Listener {
  /** In capitals. */
  readonly name: string;
  /** Empty: every address of the machine. IPv6 addresses without brackets. */
  readonly host: string;
  /** 0: a free port that the system chooses. */
  readonly port: number;
  readonly protocol: SecurityProtocol;
}

export type ProtocolMap = Readonly<Record<string, SecurityProtocol>>;

const ENTRY = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]{1,10})$/;

/** The name of an entry, in capitals; null where the entry has none. */
export function listenerName(entry: string): string | null {
  const colon = entry.indexOf(':');
  return colon < 0 ? null : entry.slice(0, colon).toUpperCase();
}

/**
 * What each listener name stands for. Where the map is not `given`, controller listeners are plain text, unless some
 * listener is encrypted or authenticated (Kafka's rule: then the map must be written out).
 */
export function protocolMap(
  text: string,
  given: boolean,
  controllerNames: readonly string[],
  listeners: readonly string[],
): ParseResult<ProtocolMap> {
  const name = 'listener.security.protocol.map';
  const map: Record<string, SecurityProtocol> = {};
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const colon = entry.lastIndexOf(':');
    const protocol = entry.slice(colon + 1).trim();
    if (colon < 0) return { ok: false, message: invalidValue(name, text, `\`${entry}\` is not a pair name:protocol`) };
    if (!isProtocol(protocol)) {
      return { ok: false, message: `Invalid security protocol \`${protocol}\` defined in ${name}` };
    }
    map[entry.slice(0, colon).trim().toUpperCase()] = protocol;
  }
  if (given || controllerNames.some(isSecured) || listeners.map(listenerName).some(isSecured))
    return { ok: true, value: map };
  for (const controller of controllerNames) {
    if (controller !== 'PLAINTEXT') map[controller.toUpperCase()] = 'PLAINTEXT';
  }
  return { ok: true, value: map };
}

/** Whether a listener name is itself a protocol other than plain text. */
function isSecured(name: string | null): boolean {
  return name !== null && name !== 'PLAINTEXT' && isProtocol(name);
}

function isProtocol(text: string): text is SecurityProtocol {
  return (SECURITY_PROTOCOLS as readonly string[]).includes(text);
}

/** Parses the entries of `listeners` or `advertised.listeners`; only the former must have different ports. */
export function parseListeners(
  entries: readonly string[],
  protocols: ProtocolMap,
  distinctPorts: boolean,
): ParseResult<readonly Listener[]> {
  const shown = `'[${entries.join(', ')}]'`;
  const fail = (why: string): ParseResult<never> => ({
    ok: false,
    message: `Error creating broker listeners from ${shown}: ${why}`,
  });
  const listeners: Listener[] = [];
  for (const entry of entries) {
    const match = ENTRY.exec(entry.trim());
    if (match === null) return fail(`Unable to parse ${entry} to a broker endpoint`);
    const name = match[1]!.toUpperCase();
    const protocol = protocols[name];
    if (protocol === undefined) return fail(`No security protocol defined for listener ${name}`);
    const port = Number(match[3]);
    if (port < 0 || port > 65535) return fail(`The port of ${entry} must be between 0 and 65535`);
    listeners.push({ name, host: match[2]!, port, protocol });
  }
  if (new Set(listeners.map((listener) => listener.name)).size !== listeners.length) {
    return fail(`Each listener must have a different name, listeners: [${entries.join(', ')}]`);
  }
  const clash = distinctPorts ? portClash(entries, listeners) : null;
  return clash === null ? { ok: true, value: listeners } : fail(clash);
}

/** Two listeners may share a port when one has an IPv4 and the other an IPv6 address (KIP-797). */
function portClash(entries: readonly string[], listeners: readonly Listener[]): string | null {
  const byPort = Map.groupBy(
    listeners.filter((listener) => listener.port !== 0),
    (listener) => listener.port,
  );
  for (const [port, sharing] of byPort) {
    if (sharing.length === 1) continue;
    const families = sharing.map((listener) => addressFamily(listener.host));
    const shown = `listeners: [${entries.join(', ')}]`;
    if (families.includes(null)) return `Each listener must have a different port, ${shown}`;
    if (sharing.length > 2) {
      return `Each listener must have a different port unless exactly one listener has an IPv4 address and the other IPv6 address, ${shown}, port: ${port}`;
    }
    if (families[0] === families[1]) {
      return `If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, ${shown}, port: ${port}`;
    }
  }
  return null;
}

/** Null: a host name, or every address. */
function addressFamily(host: string): 4 | 6 | null {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return 4;
  return host.includes(':') ? 6 : null;
}
