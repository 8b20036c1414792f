import type { Path, Problem } from '@lava/job';

/** Something wrong in a lab file, or in a file that it names. */
export interface LabProblem extends Problem {
  /** The file that the lab file names and in which it is; undefined: in the lab file itself. */
  readonly file?: string;
}

/** A place in the lab file, or in a file that it names. Lines and columns count from 1. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly endColumn?: number;
}

/** Kinds of problems that only lab files have. docs/errors.md has a section on each. */
export const labProblemCodes = ['lab-alias', 'lab-device', 'lab-dictionary', 'lab-file', 'lab-health-check', 'lab-name', 'lab-own-account', 'lab-text', 'lab-unknown'] as const;

export const problem = (code: (typeof labProblemCodes)[number], path: Path, message: string, hint: string | undefined, place: Place = {}): LabProblem =>
  ({ severity: 'error', code, path, message, ...(hint && { hint }), ...place });
