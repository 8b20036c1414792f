import { isoMicroseconds } from '@lava/base';

/** Levels of a job’s log; clients filter by them. */
export const logLevels = [
  'debug', 'info', 'warning', 'error', 'exception', 'input', 'target', 'feedback', 'event', 'results',
] as const;
export type LogLevel = (typeof logLevels)[number];

/** A value that a log record can carry. */
export type LogValue = string | number | boolean | null | readonly LogValue[] | { readonly [key: string]: LogValue | undefined };

/** One record of a job's log; its number (from 0) is the address of the line everywhere. */
export interface LogRecord {
  /** UTC, ISO 8601, microseconds, `+00:00`. */
  readonly dt: string;
  readonly lvl: LogLevel;
  readonly msg: LogValue;
  /** Namespace the text came from; only with level `feedback`. */
  readonly ns?: string;
}

/** Records of this length or more have their message replaced. */
const longestRecord = 100_000;

// What YAML 1.1 takes for a line break or refuses inside double quotes, though JSON allows it raw.
const notPrintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escape = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(notPrintable, escape);
}

/** JSON with a blank after each `:` and `,`, which is also one line of flow-style YAML. */
export function formatValue(value: LogValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  const entries = Object.entries(value).filter((e): e is [string, LogValue] => e[1] !== undefined);
  return `{${entries.map(([k, v]) => `${quote(k)}: ${formatValue(v)}`).join(', ')}}`;
}

/**
 * One log record as a line of the log file: `- {"dt": …, "lvl": …, "msg": …}` and a line feed.
 * The line is YAML for LAVA's clients and, after `- `, JSON for fast readers; it never spans lines.
 */
export function formatRecord(lvl: LogLevel, msg: LogValue, options: { at?: Date; ns?: string; mask?: (line: string) => string } = {}): string {
  const head = `{"dt": "${isoMicroseconds(options.at ?? new Date())}", "lvl": "${lvl}", "msg": `;
  const tail = options.ns === undefined ? '}' : `, "ns": ${quote(options.ns)}}`;
  let line = head + formatValue(msg) + tail;
  if (options.mask) line = options.mask(line);
  if (line.length >= longestRecord) {
    line = head + formatValue(typeof msg === 'string' ? '<line way too long ...>' : { skip: 'line way too long ...' }) + tail;
  }
  return `- ${line}\n`;
}
