/**
 * Java's `.properties` format, as `java.util.Properties.load` reads it: comments, `key=value`, `key: value`, `key value`,
 * continuation lines, escapes. A key may come several times; the last one counts, which is left to the caller.
 */

export type Property = readonly [key: string, value: string];

export type PropertiesResult =
  | { readonly ok: true; readonly entries: readonly Property[] }
  | { readonly ok: false; readonly line: number; readonly message: string };

const LEADING_BLANKS = /^[ \t\f]*/;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** Reads a whole file. The only possible error is a `\u` without four hexadecimal digits. */
export function parseProperties(text: string): PropertiesResult {
  const entries: Property[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1;
    let logical = trimStart(lines[i]!);
    if (logical === '' || logical[0] === '#' || logical[0] === '!') continue;
    while (endsInOddBackslashes(logical)) {
      logical = logical.slice(0, -1);
      if (i + 1 >= lines.length) break;
      logical += trimStart(lines[++i]!);
    }
    const entry = splitEntry(logical);
    const key = unescape(entry[0]);
    const value = unescape(entry[1]);
    if (key === null || value === null) return { ok: false, line, message: 'Malformed \\uxxxx encoding.' };
    entries.push([key, value]);
  }
  return { ok: true, entries };
}

function trimStart(line: string): string {
  return line.replace(LEADING_BLANKS, '');
}

function endsInOddBackslashes(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

/** Key and value, both still escaped: the key ends at the first `=`, `:` or blank without a backslash before it. */
function splitEntry(line: string): Property {
  let end = 0;
  while (end < line.length && !isSeparator(line[end]!)) end += line[end] === '\\' ? 2 : 1;
  const rest = trimStart(line.slice(end));
  const value = rest[0] === '=' || rest[0] === ':' ? trimStart(rest.slice(1)) : rest;
  return [line.slice(0, end), value];
}

function isSeparator(c: string): boolean {
  return c === '=' || c === ':' || c === ' ' || c === '\t' || c === '\f';
}

/** Null where a `\u` has no four hexadecimal digits. */
function unescape(text: string): string | null {
  if (!text.includes('\\')) return text;
  let result = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      result += text[i];
      continue;
    }
    const c = text[++i] ?? '';
    if (c !== 'u') {
      result += ESCAPES[c] ?? c;
      continue;
    }
    const digits = text.slice(i + 1, i + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) return null;
    result += String.fromCharCode(Number.parseInt(digits, 16));
    i += 4;
  }
  return result;
}
