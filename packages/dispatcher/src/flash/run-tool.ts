import { randomUUID } from 'node:crypto';
import { mappingAt } from '@lava/job';
import type { Action, ExecOptions, ExecResult } from '../pipeline/action.ts';
import { asText } from '../pipeline/as-text.ts';
import { deviceOptions } from '../usb/share-devices.ts';

/**
 * Runs a program that flashes on the worker or, where the block says `docker`, in a container that sees the device's USB
 * parts. @param files files and folders that its words name
 */
export async function runTool(a: Action, argv: readonly string[], files: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
  const docker = mappingAt(a.parameters, 'docker');
  if (!docker) return a.exec(argv, options);
  const image = asText(docker['image']);
  if (docker['local'] !== true || (await a.exec(['docker', 'image', 'inspect', '--format', `Image ${image} exists locally`, image], { allowFail: true })).status !== 0) {
    await a.exec(['docker', 'pull', image], { error: 'Infrastructure', errorMessage: `Unable to pull docker image '${image}'`, code: 'docker-pull' });
  }
  const name = `lava-${a.job.id}-${a.level}-${randomUUID()}`;
  const mounts = [...new Set(files)].map((file) => `--mount=type=bind,source=${file},destination=${file}`);
  await a.exec(['docker', 'run', ...(await deviceOptions(a)), '--detach', '--rm', '--init', `--name=${name}`, ...mounts, image, 'sleep', 'infinity'], {
    error: 'Infrastructure', errorMessage: `Unable to start a container of '${image}'`, code: 'docker-run',
  });
  try {
    return await a.exec(['docker', 'exec', ...(options.cwd === undefined ? [] : [`--workdir=${options.cwd}`]), name, ...argv], options);
  } finally {
    await a.exec(['docker', 'stop', name], { allowFail: true });
  }
}
