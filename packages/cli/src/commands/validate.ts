import { checkJob, type Problem } from '@lava/job';
import { exitStatus } from '../exit.ts';
import { formatProblems } from '../print/problems.ts';
import { print, type GlobalOptions } from './context.ts';
import { readText } from './read-file.ts';

/** `lava validate FILE…`: checks definitions here, without a server. Warnings do not fail it. */
export async function validate(files: readonly string[], options: GlobalOptions): Promise<number> {
  const checked: { file: string; text: string; valid: boolean; problems: readonly Problem[] }[] = [];
  for (const file of files) {
    const text = await readText(file);
    const { problems } = checkJob(text);
    checked.push({ file, text, problems, valid: problems.every((p) => p.severity !== 'error') });
  }
  print(options, checked.map(({ file, valid, problems }) => ({ file, valid, problems })), () =>
    checked.map((c) => formatProblems(c.file, c.text, c.problems) + (c.valid ? `${c.file}: valid\n` : '')).join(''));
  return checked.every((c) => c.valid) ? exitStatus.ok : exitStatus.failed;
}
