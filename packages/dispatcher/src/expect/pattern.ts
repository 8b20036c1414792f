import { JobError, messageOf } from '@lava/base';
import type { Pattern } from '../connections/connection.ts';

/** Where a pattern was found in a text. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly captures: readonly (string | undefined)[];
  readonly groups: Readonly<Record<string, string | undefined>>;
}

export interface CompiledPattern {
  readonly source: string;
  /** The leftmost match. */
  search(text: string): Found | undefined;
}

/** Compiles a pattern once and for all. @throws JobError when the expression is not valid */
export function compilePattern(pattern: Pattern): CompiledPattern {
  const source = typeof pattern === 'string' ? pattern : pattern.source;
  let regex: RegExp;
  try {
    regex = typeof pattern === 'string'
      ? new RegExp(pattern.replaceAll('(?P<', '(?<').replaceAll('\\Z', '$'))
      : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  } catch (error) {
    throw new JobError(`Invalid regular expression '${source}': ${messageOf(error)}`);
  }
  return {
    source,
    search(text) {
      const m = regex.exec(text);
      return m === null ? undefined : { start: m.index, end: m.index + m[0].length, captures: m.slice(1), groups: { ...m.groups } };
    },
  };
}
