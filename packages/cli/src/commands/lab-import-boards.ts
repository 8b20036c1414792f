import { importBoards, writeLab } from '@lava/lab';
import { CliError, exitStatus } from '../exit.ts';
import { formatProblems } from '../print/problems.ts';
import { readText } from './read-file.ts';

/** `lava lab import-boards boards.yaml > lab.yaml`. */
export async function importBoardsFile(path: string): Promise<number> {
  const text = await readText(path);
  const { problems, lab, notes } = importBoards(text);
  process.stderr.write(formatProblems(path, text, problems));
  if (!lab) throw new CliError(`${path} cannot be turned into a lab file`, exitStatus.usage);
  process.stdout.write(writeLab(lab, { comment: [`From ${path === '-' ? 'a boards.yaml' : path} of lava-docker.`, ...notes] }));
  return exitStatus.ok;
}
