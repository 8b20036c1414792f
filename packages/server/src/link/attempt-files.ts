import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import type { AttemptFiles } from '@lava/link';
import { loadYaml } from '@lava/yaml';
import type { DeviceService } from '../services.ts';
import type { Database } from '../store/database.ts';

interface Parts {
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
  readonly devices: DeviceService;
}

/**
 * What a worker needs to run a job, from the database and the configuration folders.
 * @throws ConfigurationError when the device cannot be rendered or a file of the admin is not YAML
 */
export async function attemptFiles({ db, paths, devices }: Parts, job: number, device: string, worker: string): Promise<AttemptFiles> {
  const { rows } = await sql<{ definition: string }>`select definition from jobs where id = ${job}`.execute(db);
  const definition = rows[0]?.definition ?? '';
  const { context } = loadYaml(definition) as { context?: Record<string, unknown> };
  const own = join(paths.serverConfig, 'dispatcher.d', worker);
  return {
    'job.yaml': definition,
    'device.yaml': await devices.render(device, context ?? {}),
    'dispatcher.yaml': await firstOf(join(own, 'dispatcher.yaml'), `${own}.yaml`),
    'env.yaml': await firstOf(join(own, 'env.yaml'), join(paths.serverConfig, 'env.yaml')),
    'env-dut.yaml': await firstOf(join(own, 'env-dut.yaml'), join(paths.serverConfig, 'env-dut.yaml'), join(paths.serverConfig, 'env.dut.yaml')),
  };
}

/** Keeps what was sent beside the log, where the job page and LAVA's tools look for it. */
export async function keepFiles(folder: string, files: Partial<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text ?? '')));
}

async function firstOf(...candidates: string[]): Promise<string> {
  for (const path of candidates) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw new ConfigurationError(`Cannot open '${path}': ${error.message}`, { code: 'configuration-file' });
    });
    if (text === undefined) continue;
    try {
      loadYaml(text);
    } catch (error) {
      throw new ConfigurationError(`${path} is not YAML: ${messageOf(error)}`, { code: 'configuration-file', hint: 'Correct the file; the next job reads it again.' });
    }
    return text;
  }
  return '';
}
