import { mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InfrastructureError, lavaPaths, messageOf } from '@lava/base';
import type { JobLog } from './log/job-log.ts';

/** File in a job's output folder that holds the path of its scratch folder as long as there is one. */
const note = 'scratch';

interface ScratchOptions {
  readonly id: string;
  readonly dispatcher: Readonly<Record<string, unknown>>;
  readonly root?: string | undefined;
  readonly outputDir?: string | undefined;
}

/** Makes the folder of a job's temporary files, empty. @throws InfrastructureError */
export async function makeScratch({ id, dispatcher, root, outputDir }: ScratchOptions): Promise<string> {
  const base = typeof dispatcher['dispatcher_download_dir'] === 'string' ? dispatcher['dispatcher_download_dir'] : join(lavaPaths(root).workerState, 'tmp');
  const scratch = resolve(base, `${typeof dispatcher['prefix'] === 'string' ? dispatcher['prefix'] : ''}${id}`);
  try {
    await rm(scratch, { recursive: true, force: true });
    if (outputDir !== undefined) await writeFile(join(outputDir, note), scratch);
    await mkdir(scratch, { recursive: true, mode: 0o755 });
    if (outputDir !== undefined) await symlink(logOf(outputDir), join(scratch, 'logs.yaml'));
  } catch (error) {
    throw new InfrastructureError(`Unable to create the job's folder ${scratch}: ${messageOf(error)}`, { code: 'scratch-folder', cause: error });
  }
  return scratch;
}

/** Removes it; what cannot be removed is logged. */
export async function removeScratch(scratch: string, log: JobLog, outputDir?: string): Promise<void> {
  log.debug(`Removing root tmp directory at ${scratch}`);
  try {
    await rm(scratch, { recursive: true, force: true });
    if (outputDir !== undefined) await rm(join(outputDir, note), { force: true });
  } catch (error) {
    log.error(`Cannot remove ${scratch}: ${messageOf(error)}`);
  }
}

/** The scratch folder that a dead run left; undefined if there is none, or another attempt has it by now. */
export async function leftScratch(outputDir: string): Promise<string | undefined> {
  try {
    const scratch = await readFile(join(outputDir, note), 'utf8');
    return await readlink(join(scratch, 'logs.yaml')) === logOf(outputDir) ? scratch : undefined;
  } catch {
    return undefined;
  }
}

const logOf = (outputDir: string) => resolve(outputDir, 'logs.yaml');
