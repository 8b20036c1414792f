import { checkJob, checkTestDefinition, isTestDefinition, type Problem } from '@lava/job';
import { exitStatus } from '../exit.ts';
import { countProblems, formatProblems } from '../print/problems.ts';
import { print, type GlobalOptions } from './context.ts';
import { readText } from './read-file.ts';

export interface ValidateOptions extends GlobalOptions {
  /** The files are test definitions; without it those that look like one are. */
  readonly testdef?: boolean;
  /** Warnings fail too. */
  readonly strict?: boolean;
}

interface CheckedFile {
  readonly file: string;
  readonly kind: 'job' | 'test definition';
  readonly text: string;
  readonly problems: readonly Problem[];
}

/**
 * `lava validate FILE…`: says everything that is wrong with job and test definitions, here, without a server. 1 means that
 * there are errors, or with `--strict` warnings.
 */
export async function validate(files: readonly string[], options: ValidateOptions): Promise<number> {
  const checked: CheckedFile[] = [];
  for (const file of files) {
    const text = await readText(file);
    const kind = options.testdef || isTestDefinition(text) ? 'test definition' : 'job';
    checked.push({ file, kind, text, problems: (kind === 'job' ? checkJob : checkTestDefinition)(text).problems });
  }
  print(options, checked.map(({ file, kind, problems }) => ({ file, kind, valid: isValid(problems), problems })), () => checked.map(report).join(''));
  return checked.every(({ problems }) => isValid(problems) && !(options.strict && problems.length > 0)) ? exitStatus.ok : exitStatus.failed;
}

const isValid = (problems: readonly Problem[]): boolean => problems.every(({ severity }) => severity !== 'error');

function report({ file, kind, text, problems }: CheckedFile): string {
  const count = countProblems(problems);
  return `${formatProblems(file, text, problems)}${file}: ${isValid(problems) ? `valid ${kind}` : `no valid ${kind}`}${count ? `, ${count}` : ''}\n`;
}
