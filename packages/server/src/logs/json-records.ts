import { loadYaml } from '@lava/yaml';
import type { LogStore } from '../services.ts';

/**
 * The stored lines of a log (`- {…}`) as JSON texts, one a record. Our own dispatcher writes JSON after the dash, which
 * is passed on as it is; a line of another worker may be YAML only and is translated; what is neither becomes a record
 * of level `error` with the text, so that numbers of records stay right.
 */
function recordsAsJson(stored: Buffer): string[] {
  const lines = stored.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(recordAsJson);
}

/** What is read and worked on at a time: a log may have very long lines, and other requests wait meanwhile. */
const pieceBytes = 1024 * 1024;
const pieceRecords = 2000;

/** Records `start` ≤ n < `end` as JSON texts, in pieces of at most 2,000 and about 1 MiB. */
export async function* recordPieces(logs: LogStore, job: number, start: number, end: number): AsyncGenerator<string[]> {
  for (let from = start; from < end;) {
    const records = recordsAsJson(await logs.read(job, from, Math.min(end, from + pieceRecords), pieceBytes));
    if (records.length === 0) return;
    yield records;
    from += records.length;
  }
}

/** As `recordPieces`, the lines as they are stored. */
export async function* storedPieces(logs: LogStore, job: number, start: number, end: number): AsyncGenerator<Buffer> {
  for (let from = start; from < end;) {
    const lines = await logs.read(job, from, end, pieceBytes);
    if (lines.length === 0) return;
    yield lines;
    for (let at = lines.indexOf(10); at >= 0; at = lines.indexOf(10, at + 1)) from += 1;
  }
}

/** One stored line as JSON. */
export function recordAsJson(line: string): string {
  const text = line.startsWith('- ') ? line.slice(2) : line;
  if (isJson(text)) return text;
  try {
    const value = loadYaml(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return toJson(value);
  } catch { /* told below */ }
  return JSON.stringify({ dt: new Date(0).toISOString(), lvl: 'error', msg: `unreadable log record: ${text.slice(0, 500)}` });
}

function isJson(text: string): boolean {
  try { JSON.parse(text); return text.startsWith('{'); } catch { return false; }
}

/** JSON of whatever YAML can hold: integers beyond 2^53 lose digits, bytes become base64, sets lists. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => {
    if (typeof v === 'bigint') return Number(v);
    if (v instanceof Uint8Array) return Buffer.from(v).toString('base64');
    if (v instanceof Set) return [...v];
    if (v instanceof Map) return Object.fromEntries(v);
    return v;
  }) ?? 'null';
}
