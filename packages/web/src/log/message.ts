import type { LogRecord } from '../api/types.ts';

/** A test result as the log tells it. */
export interface ResultMessage { definition: string; case: string; result: string; measurement?: unknown; units?: unknown; set?: unknown; duration?: unknown; error_type?: unknown; error_msg?: unknown; [key: string]: unknown }

/** The result in a record of level `results`, if it is one. */
export function resultOf(record: LogRecord): ResultMessage | undefined {
  const { lvl, msg } = record;
  if (lvl !== 'results' || typeof msg !== 'object' || msg === null || Array.isArray(msg)) return undefined;
  const m = msg as Record<string, unknown>;
  return typeof m.case === 'string' && typeof m.definition === 'string' ? { ...m, definition: m.definition, case: m.case, result: String(m.result) } : undefined;
}

/** What a record says, as text; the line feed at the end of what was typed is not shown as a line of its own. */
export const messageText = (msg: unknown): string => (typeof msg === 'string' ? msg.replace(/\n$/u, '') : JSON.stringify(msg) ?? '');

/** A result's other facts in a few words: `12.5 MB/s, set net`. */
export function resultDetails(result: ResultMessage): string {
  const words: string[] = [];
  if (result.measurement !== undefined) words.push(`${String(result.measurement)}${result.units === undefined ? '' : ` ${String(result.units)}`}`);
  if (result.duration !== undefined) words.push(`${String(result.duration)} s`);
  if (result.set !== undefined) words.push(`set ${String(result.set)}`);
  if (result.reference !== undefined) words.push(String(result.reference));
  if (result.error_type !== undefined) words.push(`${String(result.error_type)}: ${String(result.error_msg)}`);
  return words.join(', ');
}
