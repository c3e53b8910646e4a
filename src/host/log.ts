/**
 * Log lines on the standard error, one synchronous write a line: `[2026-11-23 06:37:47,123] INFO message key=value`, as Kafka's
 * own logs begin. Each thread writes its own lines; a line up to the size of a pipe's atomic write is never torn.
 */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import type { LogFields, Logger } from '../port/log.ts';

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3, off: 4 } as const;
export type LogLevel = keyof typeof LEVELS;

export interface LoggerOptions {
  /** The lowest level that is written. Not given: ODRADEK_LOG_LEVEL, else `info`. */
  readonly level?: LogLevel;
  /** Fields of every line, such as the thread's name. */
  readonly fields?: LogFields;
  /** Where lines go; the standard error where not given. */
  readonly write?: (line: string) => void;
}

const STANDARD_ERROR = 2;
/** A pipe that is full and does not block is asked again so often, a millisecond apart; then the line is lost. */
const TRIES = 50;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function levelOf(text: string | undefined): LogLevel {
  const level = text?.toLowerCase();
  return level !== undefined && level in LEVELS ? (level as LogLevel) : 'info';
}

function writeStandardError(line: string): void {
  let rest = Buffer.from(line);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const written = writeSync(STANDARD_ERROR, rest);
      if (written === rest.length) return;
      rest = rest.subarray(written);
    } catch (error) {
      // A reader that is gone is no reason to stop; one that is slow gets a moment.
      if ((error as { code?: string }).code !== 'EAGAIN') return;
      Atomics.wait(sleeper, 0, 0, 1);
    }
  }
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function timestamp(at: Date): string {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${time},${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** A field's value on one line; quoted where it would not read as one word. */
function valueText(value: string): string {
  return /^[\x21\x23-\x7e]+$/.test(value) ? value : JSON.stringify(value);
}

function fieldsText(fields: LogFields): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) text += ` ${name}=${valueText(String(value))}`;
  }
  return text;
}

class LineLogger implements Logger {
  readonly #level: number;
  readonly #fields: LogFields;
  readonly #fixed: string;
  readonly #write: (line: string) => void;

  constructor(level: number, fields: LogFields, write: (line: string) => void) {
    this.#level = level;
    this.#fields = fields;
    this.#fixed = fieldsText(fields);
    this.#write = write;
  }

  debug(message: string, fields?: LogFields): void {
    this.#line('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#line('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#line('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#line('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#level, { ...this.#fields, ...fields }, this.#write);
  }

  #line(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (LEVELS[level] < this.#level) return;
    const text = fields === undefined ? '' : fieldsText(fields);
    // What others wrote (names, errors' words) cannot begin a line of its own; a stack trace keeps its lines, indented.
    const safe = message.includes('\n') ? message.replaceAll('\n', '\n    ') : message;
    this.#write(`[${timestamp(new Date())}] ${level.toUpperCase()} ${safe}${text}${this.#fixed}\n`);
  }
}

export function createLogger(options: LoggerOptions = {}): Logger {
  const level = options.level ?? levelOf(process.env['ODRADEK_LOG_LEVEL']);
  return new LineLogger(LEVELS[level], options.fields ?? {}, options.write ?? writeStandardError);
}

/** An error as text for a log line: its message, and its stack on lines below. */
export function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}
