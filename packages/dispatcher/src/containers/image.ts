import { mkdtemp, rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { which } from '../process/which.ts';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';

/** An image as jobs name it. */
export interface ContainerImage {
  readonly name: string;
  /** Take what the worker has; pull only if it has none. */
  readonly local: boolean;
  /** Account of the registry: `registry`, `user`, `password`. */
  readonly login: Mapping | undefined;
}

/** LAVA's: anchored at its beginning only. */
const imageName = /^[a-z0-9]+[a-z0-9._/:-]*[a-z0-9]+(:[a-zA-Z0-9_]+[a-zA-Z0-9._-]*)?$/;

/** Node's names of processors, as images have them. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/**
 * Reads an image: its name, or a mapping with more.
 * @param key of the name in the mapping: some methods say `name`, others `image`
 * @throws JobError for what is no image
 */
export function containerImage(value: unknown, key: 'image' | 'name'): ContainerImage {
  const block = isMapping(value) ? value : { [key]: value };
  const name = asText(block[key] ?? '');
  if (!imageName.test(name)) throw new JobError(`image name '${name}' is invalid`, { code: 'container-image', hint: 'Images are named like debian:12 or registry.example.org/group/image:tag.' });
  return { name, local: block['local'] === true, login: mappingAt(block, 'login') };
}

/** Checks that the worker has Docker, or what stands for it. @param host options that name another machine's */
export async function checkDocker(a: Action, host: readonly string[] = []): Promise<void> {
  which('docker', 'Install docker.io, or podman with podman-docker, on the worker.');
  const { stdout: client } = await a.exec(['docker', 'version', '-f', '{{.Client.Version}}'], { quiet: true, allowFail: true });
  const server = await a.exec(['docker', ...host, 'version', '-f', '{{.Server.Version}}'], {
    quiet: true, error: 'Infrastructure', errorMessage: `Unable to talk to the Docker daemon${host.length > 0 ? ` at '${host.at(-1) ?? ''}'` : ' of the worker'}`,
  });
  a.log.debug(`docker server, installed at version: ${server.stdout.trim()}`);
  a.log.debug(`docker client, installed at version: ${client.trim()}`);
}

/** Sees to it that an image can be run. @param options global options of `docker` @throws JobError when it cannot be had */
export async function prepareImage(a: Action, image: ContainerImage, options: readonly string[] = []): Promise<void> {
  const { name } = image;
  const docker = ['docker', ...options];
  if (image.local) {
    const found = await a.exec([...docker, 'image', 'inspect', '--format', `Image ${name} exists locally\nImage Id: {{.Id}}`, name], { allowFail: true });
    if (found.status === 0) return warnOfArchitecture(a, docker, name);
    a.log.warning(`The worker has no image ${name}: it is pulled`);
  }
  await withLogin(a, docker, image.login, (env) => a.exec([...docker, 'pull', name], { errorMessage: `Unable to pull docker image '${name}'`, ...(env && { env }) }));
  await warnOfArchitecture(a, docker, name);
}

/** Logs in to a registry with a home of its own, so that no other job has the account. */
async function withLogin(a: Action, docker: readonly string[], login: Mapping | undefined, use: (env?: Record<string, string>) => Promise<unknown>): Promise<void> {
  if (!login) {
    await use();
    return;
  }
  const HOME = await mkdtemp(join(a.job.scratch, 'docker-home-'));
  try {
    const registry = login['registry'] === undefined ? [] : [asText(login['registry'])];
    await a.exec([...docker, 'login', '--username', asText(login['user']), '--password-stdin', ...registry], {
      env: { HOME }, input: asText(login['password']), errorMessage: `Unable to log in to the registry ${registry.join('')}`,
    });
    await use({ HOME });
  } finally {
    await rm(HOME, { recursive: true, force: true });
  }
}

async function warnOfArchitecture(a: Action, docker: readonly string[], name: string): Promise<void> {
  const { stdout } = await a.exec([...docker, 'inspect', '--format', '{{.Architecture}}', name], { quiet: true, allowFail: true });
  const own = architectures[arch()] ?? arch();
  const found = stdout.trim();
  if (found !== '' && found !== own) a.log.warning(`The image ${name} is made for ${found}, the worker is ${own}: it may be slow, or not run at all`);
}
