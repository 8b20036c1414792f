import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { InfrastructureError } from '@lava/base';

/** Full path of a program on the worker. @throws InfrastructureError when it is not in PATH or cannot be executed */
export function which(program: string, hint?: string): string {
  const folders = program.includes('/') ? [''] : [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  let unusable: string | undefined;
  for (const folder of folders) {
    const path = program.includes('/') ? program : join(folder, program);
    try {
      if (!statSync(path).isFile()) continue;
      accessSync(path, constants.X_OK);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') unusable ??= path;
    }
  }
  if (unusable !== undefined) throw new InfrastructureError(`Cannot execute '${program}' at '${unusable}'`, { code: 'program-not-executable' });
  throw new InfrastructureError(`Cannot find command '${program}' in $PATH`, { code: 'program-missing', hint });
}
