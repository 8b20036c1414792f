import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readLab, type LabProblem, type Plan, type ReadLab } from '@lava/lab';
import { CliError, exitStatus } from '../exit.ts';
import { formatProblems } from '../print/problems.ts';
import { readText } from './read-file.ts';

/** A lab file with the files that it names. */
export interface LabFile {
  readonly path: string;
  readonly text: string;
  /** Texts by the paths that stand in the lab file. */
  readonly files: Readonly<Record<string, string>>;
  readonly read: ReadLab;
}

/** What the server says of a lab file. */
export interface PlanAnswer {
  readonly revision: string;
  readonly problems: readonly LabProblem[];
  readonly plan: Plan;
}

/** Reads a lab file and the files that it names, which are relative to it; `-` is standard input. */
export async function readLabFile(path: string): Promise<LabFile> {
  const text = await readText(path);
  const folder = path === '-' ? process.cwd() : dirname(resolve(path));
  const files = Object.create(null) as Record<string, string>;
  const read = readLab(text, (named) => {
    try {
      return (files[named] ??= readFileSync(resolve(folder, named), 'utf8'));
    } catch {
      // The check says which.
      return undefined;
    }
  });
  return { path, text, files, read };
}

/** Prints what is wrong with a lab file and the files that it names. Errors end the command. */
export function tellProblems({ path, text, files }: LabFile, problems: readonly LabProblem[]): void {
  for (const problem of problems) {
    const named = problem.file;
    process.stderr.write(named === undefined ? formatProblems(path, text, [problem]) : formatProblems(named, files[named] ?? '', [problem]));
  }
  const errors = problems.filter((p) => p.severity === 'error').length;
  if (errors > 0) throw new CliError(`${path} cannot be used: ${errors} ${errors === 1 ? 'error' : 'errors'}`, exitStatus.usage);
}
