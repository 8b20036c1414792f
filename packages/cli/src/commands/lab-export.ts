import { writeFile } from 'node:fs/promises';
import { messageOf } from '@lava/base';
import { CliError, exitStatus } from '../exit.ts';
import { connect, type GlobalOptions } from './context.ts';

/** `lava lab export`: the server's lab as a lab file. */
export async function exportLab(options: GlobalOptions & { readonly full?: boolean; readonly output?: string }): Promise<number> {
  const text = await (await connect(options)).text(`/lab${options.full ? '?full=true' : ''}`);
  if (options.output === undefined) process.stdout.write(text);
  // Dictionaries may hold passwords of power switches.
  else await writeFile(options.output, text, { mode: 0o600 }).catch((error: unknown) => { throw new CliError(`cannot write ${options.output}: ${messageOf(error)}`, exitStatus.usage); });
  return exitStatus.ok;
}
