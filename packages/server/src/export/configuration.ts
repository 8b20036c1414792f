import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InfrastructureError, messageOf } from '@lava/base';
import { withoutSecrets } from '@lava/job';
import type { LogStore } from '../services.ts';

/** What the worker of a job was given, in the order of `scheduler.jobs.configuration`. */
const names = ['job.yaml', 'device.yaml', 'dispatcher.yaml', 'env.yaml', 'env-dut.yaml'] as const;

export interface ConfigurationFile {
  readonly name: (typeof names)[number];
  /** Undefined when the job had no such file. */
  readonly text: string | undefined;
}

/** The files of a job as whoever sees it may read them: `job.yaml` of an imported job, or of an old one, still has its secrets. */
export function jobConfiguration(logs: LogStore, job: number): Promise<ConfigurationFile[]> {
  return Promise.all(names.map(async (name) => {
    const text = await logs.file(job, name);
    return { name, text: name === 'job.yaml' && text !== undefined ? withoutSecrets(text).text : text };
  }));
}

const run = promisify(execFile);

/** Bytes of the largest archive; definitions and device configurations are far below. */
const largest = 256 * 1024 * 1024;

/** Packs the files that are there, as tar with bzip2. @throws InfrastructureError `no-tar` */
export async function packConfiguration(files: readonly ConfigurationFile[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'lava-configuration-'));
  try {
    const there = files.filter((file) => file.text !== undefined);
    await Promise.all(there.map(({ name, text }) => writeFile(join(folder, name), text!)));
    const { stdout } = await run('tar', ['--create', '--bzip2', '--owner=0', '--group=0', '--numeric-owner', '--directory', folder, ...there.map(({ name }) => name)], { encoding: 'buffer', maxBuffer: largest });
    return stdout;
  } catch (error) {
    throw new InfrastructureError(`tar cannot pack the configuration of a job: ${messageOf(error)}`, { code: 'no-tar', cause: error, hint: 'Install the Debian packages tar and bzip2.' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
