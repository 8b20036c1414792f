import { pythonString } from './python-text.ts';

/** Steps from the top of a definition to a value: `['actions', 0, 'deploy', 'to']`. */
export type Path = readonly (string | number)[];

/** Something wrong, or surely not meant, in a text that a user submitted. Lines and columns count from 1. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Stable name of the kind of problem: one of `problemCodes`, or of the YAML reader such as `yaml-syntax`. docs/errors.md has a section on each. */
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  readonly path: Path;
  readonly line?: number;
  readonly column?: number;
  readonly endColumn?: number;
  /** An error in the words that LAVA's clients know: `expected str for dictionary value @ data['job_name']`. */
  readonly upstream?: string;
}

/** `data['actions'][0]`, the way LAVA's submission errors name a place. */
export function pythonPath(path: Path): string {
  return `data${path.map((part) => `[${typeof part === 'number' || /^<\w+>$/.test(part) ? part : pythonString(part)}]`).join('')}`;
}

/** A path as people write it: `actions[0].deploy.to`. */
export function readablePath(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

/** Kinds of problems that checks of definitions find. */
export const problemCodes = [
  'duplicate-key', 'duplicate-name', 'empty-role', 'exclusive-keys', 'ignored-key', 'kernel-type-missing', 'legacy-job', 'login-without-prompts', 'missing-key', 'more-problems', 'namespace-missing',
  'namespace-reserved', 'no-actions', 'no-boot', 'no-deploy', 'no-steps', 'not-a-mapping', 'pattern-groups', 'prompt-matches-all', 'removed-helper', 'removed-key', 'repeat-and-retry', 'reserved-name',
  'revision-and-shallow', 'several-blocks', 'skip-ignored', 'timeout-too-long', 'timeout-zero', 'too-large', 'too-long', 'too-short', 'too-small', 'unknown-key', 'unknown-method', 'unknown-os',
  'unknown-reason', 'unknown-role', 'unused-role', 'wrong-checksum', 'wrong-compression', 'wrong-pattern', 'wrong-type', 'wrong-url', 'wrong-value',
] as const;
export type ProblemCode = (typeof problemCodes)[number];
