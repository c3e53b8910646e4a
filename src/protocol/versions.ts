/** Version ranges as the schemas write them: '3', '3+', '0-5', 'none'. */

/** Both ends belong to it; an empty one has min above max. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The highest version that an int16 can name: the end of '3+'. */
export const NEWEST = 0x7fff;

const NONE: VersionRange = { min: 0, max: -1 };

/** A RangeError where the text is none of the four forms: a mistake in a schema. */
export function parseVersions(text: string | undefined): VersionRange {
  if (text === undefined || text === 'none') return NONE;
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (match === null) throw new RangeError(`not a version range: ${text}`);
  const min = Number(match[1]);
  const max = match[2] === '+' ? NEWEST : match[3] === undefined ? min : Number(match[3]);
  return { min, max };
}

export function includes(range: VersionRange, version: number): boolean {
  return version >= range.min && version <= range.max;
}
