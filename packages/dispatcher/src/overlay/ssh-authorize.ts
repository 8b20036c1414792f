import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isMapping, mappingAt } from '@lava/job';
import { overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { hasIdentity, identityFile } from '../ssh/ssh-device.ts';

/** Does the device know a deployment over ssh? */
export function hasSsh(job: JobContext): boolean {
  const methods: unknown = mappingAt(job.device, 'actions', 'deploy')?.['methods'];
  const names = isMapping(methods) ? Object.keys(methods) : Array.isArray(methods) ? methods : [];
  return names.some((name) => typeof name === 'string' && name.includes('ssh'));
}

const isActive = (a: Action) => a.parameters['authorize'] !== undefined;

/** `ssh-authorize`: lets the workers of the group sign in to the device (`authorize: ssh`). */
export const sshAuthorize: ActionSpec = {
  name: 'ssh-authorize',
  summary: 'add public key to authorized_keys file',
  description: 'include public key in overlay and authorize root user',
  validate(a) {
    if (!isActive(a)) return;
    if (a.parameters['authorize'] !== 'ssh') a.error("'authorize' can only be 'ssh'");
    else if (!hasIdentity(a.job)) a.error('Missing identity file of ssh in the device configuration');
  },
  async run(a) {
    const key = isActive(a) ? await identityFile(a) : undefined;
    if (key === undefined) {
      a.log.debug('skipped ssh-authorize');
      return;
    }
    const overlay = a.get(overlayFolder) ?? '';
    const name = basename(key).replace(/^ssh-/, '');
    const copy = join(overlay, a.get(resultsFolder) ?? '', name);
    const publicKey = existsSync(`${key}.pub`) ? await readFile(`${key}.pub`, 'utf8') : (await a.exec(['ssh-keygen', '-y', '-f', key], { error: 'Infrastructure' })).stdout;
    const folder = join(overlay, 'root', '.ssh');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, 'authorized_keys'), publicKey, { mode: 0o600 });
    await copyFile(key, copy);
    await writeFile(`${copy}.pub`, publicKey);
    a.log.debug(`The key ${name} may sign in as root`);
  },
};
