import type { LogRecord } from '@lava/job';

/** A record that says something the server keeps besides the line itself. */
export type Noted =
  | { readonly kind: 'result'; readonly line: number; readonly record: LogRecord }
  | { readonly kind: 'event'; readonly line: number; readonly message: string }
  | { readonly kind: 'start'; readonly line: number; readonly at: string; readonly action: ActionName; readonly timeout: number | null }
  | { readonly kind: 'end'; readonly line: number; readonly at: string; readonly action: ActionName };

interface ActionName {
  readonly level: string;
  readonly name: string;
  readonly namespace: string;
}

/** Every record begins like this; the level follows at a place that is known but for the microseconds of the time. */
const isEvent = /^- \{"dt": "[^"]{1,40}", "lvl": "event"/;
const mayMatter = /^- \{"dt": "[^"]{1,40}", "lvl": "(?:results"|event"|(?:info|debug)", "msg": "(?:start: |end: |validate duration: ))/;
const startLine = /^start: (\S+) (\S+)(?: \(timeout (\d+):(\d\d):(\d\d)\))?(?: \[(.*)\])?$/;
const endLine = /^end: (\S+) (\S+) \(duration [\d:]+\)(?: \[(.*)\])?$/;

/** What matters in one line (`- {…}`) of a log; undefined for most lines, which are not parsed at all. */
export function noteworthy(text: string, line: number): Noted | undefined {
  if (!mayMatter.test(text)) return undefined;
  const record = parse(text);
  if (!record) return undefined;
  if (record.lvl === 'results') return { kind: 'result', line, record };
  if (typeof record.msg !== 'string') return undefined;
  if (record.lvl === 'event') return { kind: 'event', line, message: record.msg };
  const validated = record.msg.startsWith('validate duration: ');
  if (validated) return { kind: 'end', line, at: record.dt, action: { level: '0', name: 'validate', namespace: '' } };
  const start = startLine.exec(record.msg);
  if (start) {
    const [, level = '', name = '', hours, minutes, seconds, namespace = ''] = start;
    const timeout = hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return { kind: 'start', line, at: record.dt, action: { level, name, namespace }, timeout };
  }
  const end = endLine.exec(record.msg);
  return end ? { kind: 'end', line, at: record.dt, action: { level: end[1]!, name: end[2]!, namespace: end[3] ?? '' } } : undefined;
}

/** Events are published as they come; in the stored log they have level `debug`, as clients of LAVA expect. */
export function storedForm(bytes: Buffer): Buffer {
  if (!bytes.includes('"lvl": "event"')) return bytes;
  const lines = bytes.toString('utf8').split('\n');
  for (const [n, line] of lines.entries()) if (isEvent.test(line)) lines[n] = line.replace('"lvl": "event"', '"lvl": "debug"');
  return Buffer.from(lines.join('\n'));
}

/** Records are JSON but for numbers that JSON does not have (`.nan`, `.inf`); such a value cannot be stored anyway. */
function parse(text: string): LogRecord | undefined {
  try {
    return JSON.parse(text.slice(2).replaceAll(/: (-?\.inf|\.nan)(?=[,}])/g, ': null')) as LogRecord;
  } catch {
    return undefined;
  }
}
