import { lavaPaths } from '@lava/base';
import { lookupFolders } from '@lava/device';
import { checkLab, emptyLab } from '@lava/lab';
import { exitStatus } from '../exit.ts';
import { print, type GlobalOptions } from './context.ts';
import { localRoot } from './device-file.ts';
import { readLabFile, tellProblems } from './lab-file.ts';

/** `lava lab check FILE`: all that can be told without a server; the file must hold everything that it names. */
export async function checkLabFile(path: string, options: GlobalOptions): Promise<number> {
  const file = await readLabFile(path);
  const { lab, problems, places } = file.read;
  const found = [...problems, ...(lab ? await checkLab(lab, emptyLab(), places, lookupFolders(lavaPaths(localRoot()))) : [])];
  const valid = found.every((p) => p.severity !== 'error');
  if (!options.json) tellProblems(file, found);
  print(options, { file: path, valid, problems: found }, () => `${path}: valid\n`);
  return valid ? exitStatus.ok : exitStatus.usage;
}
