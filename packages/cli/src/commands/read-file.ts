import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { messageOf } from '@lava/base';
import { CliError, exitStatus } from '../exit.ts';

/** A text file; `-` is standard input. */
export async function readText(path: string): Promise<string> {
  if (path === '-') return readAll(process.stdin);
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`cannot read ${path}: ${messageOf(error)}`, exitStatus.usage);
  });
}
