import { createReadStream } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { recordAsJson } from './json-records.ts';

export interface SearchOptions {
  /** Text to find in the message, in any case; empty matches every record of the levels. */
  readonly text: string;
  /** Levels to look at; empty is all. */
  readonly levels: readonly string[];
  /** Numbers of records kept at most; `total` counts on. */
  readonly most: number;
  readonly signal: AbortSignal;
}

/**
 * Searches a log file from its beginning in pieces, so that neither its size nor other requests matter.
 * A line is read as a record only when its raw text could match.
 */
export async function searchLog(path: string, options: SearchOptions): Promise<{ lines: number[]; total: number }> {
  const needle = options.text.toLowerCase();
  const mayMatch = rawFilter(needle, options.levels);
  const lines: number[] = [];
  let total = 0;
  let number = 0;
  let rest = '';
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024, signal: options.signal })) {
    const parts = (rest + String(piece)).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      if (mayMatch(line) && matches(line, needle, options.levels)) {
        total += 1;
        if (lines.length < options.most) lines.push(number);
      }
      number += 1;
    }
    await breathe();
  }
  return { lines, total };
}

/**
 * A cheap test that no matching line fails. Letters, digits, blanks and dashes stand for themselves in JSON and in YAML;
 * a text with anything else may be written with escapes and is looked for in every record.
 */
function rawFilter(needle: string, levels: readonly string[]): (line: string) => boolean {
  const byText = /^[a-z0-9 _.,:;()-]+$/.test(needle);
  return (line) => {
    if (levels.length > 0 && !levels.some((l) => line.includes(`"${l}"`))) return false;
    return !byText || line.toLowerCase().includes(needle);
  };
}

function matches(line: string, needle: string, levels: readonly string[]): boolean {
  const record = JSON.parse(recordAsJson(line)) as { lvl?: unknown; msg?: unknown };
  if (levels.length > 0 && !levels.includes(String(record.lvl))) return false;
  const message = typeof record.msg === 'string' ? record.msg : JSON.stringify(record.msg ?? '');
  return message.toLowerCase().includes(needle);
}
