import { randomUUID } from 'node:crypto';
import type { Mapping } from '@lava/job';
import type { Action, ExecOptions } from '../pipeline/action.ts';
import { deviceOptions } from '../usb/share-devices.ts';
import { containerImage, prepareImage } from './image.ts';
import { deviceDockerOptions, dockerRun, hasUsbParts, noteContainer, removeContainer, untilRunning } from './run-container.ts';

interface ToolContainer {
  /** The `docker` block of the job or the device. */
  readonly docker: Mapping;
  /** Files and folders that the container sees under their own names. */
  readonly files: readonly string[];
  readonly environment: ExecOptions['env'];
  /** Further options of `docker run`. */
  readonly more?: readonly string[];
}

/**
 * Keeps a container for programs while `use` runs; it sees the device's USB parts.
 * @param use gets what makes a command line one inside the container
 */
export async function withToolContainer<T>(a: Action, { docker, files, environment, more = [] }: ToolContainer, use: (inside: (argv: readonly string[], cwd?: string) => string[]) => Promise<T>): Promise<T> {
  const { global } = deviceDockerOptions(a.job.device);
  const image = containerImage(docker, 'image');
  await prepareImage(a, image, global);
  const name = `lava-${a.job.id}-${a.level}-${randomUUID()}`;
  await noteContainer(a.job, name, global);
  const argv = dockerRun(a.job, {
    image: image.name, name, networkFrom: docker['network_from'], command: ['sleep', 'infinity'],
    mounts: [...new Set(files)].map((file) => ({ source: file, destination: file })),
    more: ['--detach', ...more, ...(hasUsbParts(a.job) ? await deviceOptions(a) : [])],
    ...(environment && { environment }),
  });
  await a.exec(argv, { error: 'Infrastructure', errorMessage: `Unable to start a container of '${image.name}'`, code: 'container-start' });
  try {
    await untilRunning(a, name, global);
    return await use((words, cwd) => ['docker', ...global, 'exec', ...(cwd === undefined ? [] : [`--workdir=${cwd}`]), name, ...words]);
  } finally {
    await removeContainer(a, name, global);
  }
}
