/** The entries of an unpacked vector file: u16 length of the name, name, i16 version, u32 length, bytes, all big-endian. */
export interface Vector {
  readonly name: string;
  readonly version: number;
  readonly bytes: Buffer;
}

export function* readVectors(file: Buffer): Generator<Vector> {
  for (let at = 0; at < file.length; ) {
    const nameEnd = at + 2 + file.readUInt16BE(at);
    const start = nameEnd + 6;
    const end = start + file.readUInt32BE(nameEnd + 2);
    yield {
      name: file.toString('utf8', at + 2, nameEnd),
      version: file.readInt16BE(nameEnd),
      bytes: file.subarray(start, end),
    };
    at = end;
  }
}
