import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InfrastructureError, messageOf } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import { tftpRoot } from './serve-tftp.ts';

/** A new folder `<job>/tftp-deploy-XXXXXX` below the root of the TFTP server. @throws InfrastructureError */
export async function tftpFolder(a: Action): Promise<string> {
  const jobFolder = join(tftpRoot(a.job), basename(a.job.scratch));
  try {
    await mkdir(jobFolder, { recursive: true, mode: 0o755 });
    const folder = await mkdtemp(join(jobFolder, `${a.name}-`));
    await chmod(folder, 0o755);
    return folder;
  } catch (error) {
    throw new InfrastructureError(`Cannot make a folder for TFTP below ${tftpRoot(a.job)}: ${messageOf(error)}`, {
      code: 'tftp-folder', hint: 'The worker must be allowed to write to TFTP_DIRECTORY of /etc/default/tftpd-hpa.', cause: error,
    });
  }
}
