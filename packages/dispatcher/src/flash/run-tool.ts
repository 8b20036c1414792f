import { randomUUID } from 'node:crypto';
import { mappingAt } from '@lava/job';
import { containerImage, prepareImage } from '../containers/image.ts';
import { deviceDockerOptions, dockerRun, hasUsbParts, noteContainer, removeContainer, untilRunning } from '../containers/run-container.ts';
import type { Action, ExecOptions, ExecResult } from '../pipeline/action.ts';
import { deviceOptions } from '../usb/share-devices.ts';

/**
 * Runs a program that flashes on the worker or, where the block says `docker`, in a container that sees the device's USB
 * parts. @param files files and folders that its words name
 */
export async function runTool(a: Action, argv: readonly string[], files: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
  const docker = mappingAt(a.parameters, 'docker');
  if (!docker) return a.exec(argv, options);
  const { global } = deviceDockerOptions(a.job.device);
  const image = containerImage(docker, 'image');
  await prepareImage(a, image, global);
  const name = `lava-${a.job.id}-${a.level}-${randomUUID()}`;
  await noteContainer(a.job, name, global);
  const [client = 'docker', ...run] = dockerRun(a.job, {
    image: image.name, name, networkFrom: docker['network_from'], command: ['sleep', 'infinity'],
    mounts: [...new Set(files)].map((file) => ({ source: file, destination: file })),
    more: ['--detach', ...(hasUsbParts(a.job) ? await deviceOptions(a) : [])],
    ...(options.env && { environment: options.env }),
  });
  await a.exec([client, ...run], { error: 'Infrastructure', errorMessage: `Unable to start a container of '${image.name}'`, code: 'container-start' });
  try {
    await untilRunning(a, name, global);
    return await a.exec(['docker', ...global, 'exec', ...(options.cwd === undefined ? [] : [`--workdir=${options.cwd}`]), name, ...argv], options);
  } finally {
    await removeContainer(a, name, global);
  }
}
