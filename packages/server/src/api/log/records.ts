import { loadYaml } from '@lava/yaml';
import { toJson } from '../json.ts';

/**
 * The stored lines of a log (`- {…}`) as JSON texts, one a record. Our own dispatcher writes JSON after the dash, which
 * is passed on as it is; a line of another worker may be YAML only and is translated; what is neither becomes a record
 * of level `error` with the text, so that numbers of records stay right.
 */
export function recordsAsJson(stored: Buffer): string[] {
  const lines = stored.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map(recordAsJson);
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
