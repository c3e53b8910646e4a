/**
 * Uuids as Kafka writes them: 16 bytes on the wire and on disk, 22 characters of base64url in text (KIP-516).
 *
 * In memory a uuid is a string of exactly 16 latin1 characters, one a byte: it is decoded by one `latin1Slice`, compares
 * and hashes as a string, and is a map key as it is.
 */

declare const brand: unique symbol;

/** 16 characters, each a byte of the uuid (code points 0 to 255). */
export type Uuid = string & { readonly [brand]: 'uuid' };

/** The uuid that means "none": sixteen zero bytes. */
export const ZERO_UUID = '\0'.repeat(16) as Uuid;

/** The topic id of `__cluster_metadata` (KIP-595): 0, 1. */
export const METADATA_TOPIC_ID = `${'\0'.repeat(15)}\u0001` as Uuid;

/** How many of the lowest values are reserved and never given to a topic or a directory (Kafka reserves the first 100). */
const RESERVED_LOWEST = 100;

/** From the 16 bytes at `offset`. */
export function uuidFromBytes(bytes: Buffer, offset = 0): Uuid {
  return bytes.latin1Slice(offset, offset + 16) as Uuid;
}

/** Kafka's text form: 22 characters of base64url without padding. */
export function uuidToText(uuid: Uuid): string {
  return Buffer.from(uuid, 'latin1').toString('base64url');
}

/** From Kafka's text form. Null where the text is not 16 bytes of base64url. */
export function uuidFromText(text: string): Uuid | null {
  if (!/^[A-Za-z0-9_-]{22}(==)?$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === 16 ? uuidFromBytes(bytes) : null;
}

/** Whether Kafka reserves this value: the zero uuid, the metadata topic's and the rest of the first 100. */
export function isReservedUuid(uuid: Uuid): boolean {
  return uuid.startsWith('\0'.repeat(15)) && uuid.charCodeAt(15) < RESERVED_LOWEST;
}

/**
 * A version 4 uuid from 16 random bytes, or null where Kafka would draw again: reserved, or with a text form that starts
 * with a dash (which a command line would take for an option).
 */
export function uuidFromRandom(random: Buffer): Uuid | null {
  const bytes = Buffer.from(random.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const uuid = uuidFromBytes(bytes);
  return isReservedUuid(uuid) || uuidToText(uuid).startsWith('-') ? null : uuid;
}
