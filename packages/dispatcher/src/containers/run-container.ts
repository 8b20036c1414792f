import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { downloadsFolder } from '../fetch/downloads-source.ts';
import type { JobLog } from '../log/job-log.ts';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { execProgram } from '../pipeline/exec.ts';
import type { JobContext } from '../pipeline/job-context.ts';

/** A folder or file of the worker that a container sees. */
export interface Mount {
  readonly source: string;
  readonly destination: string;
  readonly readOnly?: boolean;
}

interface ContainerOptions {
  readonly image: string;
  readonly command: readonly string[];
  readonly name?: string;
  /** With a terminal, to type into. */
  readonly interactive?: boolean;
  /** Name of the container whose network is shared, without the job's number. */
  readonly networkFrom?: unknown;
  readonly workFolder?: string;
  readonly devices?: readonly string[];
  readonly mounts?: readonly Mount[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Further options, e.g. those for the device's USB parts. */
  readonly more?: readonly string[];
}

/** Seconds for removing a container. */
const removeSeconds = 30;
/** File in the scratch folder that has commands for whoever finishes a job that died. */
const note = 'leftovers';

/** Words for `docker` itself and for `docker run` that the device configuration has for tools in containers. */
export function deviceDockerOptions(device: Mapping): { readonly global: string[]; readonly run: string[] } {
  const words = (value: unknown): string[] => (Array.isArray(value) ? value.flatMap(words) : value === undefined || value === null ? [] : [asText(value)]);
  const options = mappingAt(device, 'actions', 'test', 'methods', 'docker');
  return { global: words(options?.['global_options']), run: words(options?.['options']) };
}

/** The command line of `docker run`, in LAVA's order. */
export function dockerRun(job: JobContext, options: ContainerOptions): string[] {
  const { global, run } = deviceDockerOptions(job.device);
  const { name, networkFrom, workFolder, devices = [], mounts = [], environment = {}, more = [] } = options;
  return [
    'docker', ...global, 'run', ...run,
    ...(options.interactive ? ['--interactive', '--tty'] : []), '--rm', '--init',
    ...(name === undefined ? [] : [`--name=${name}`]),
    ...(networkFrom === undefined ? [] : [`--network=container:${asText(networkFrom)}-lava-${job.id}`]),
    ...(workFolder === undefined ? [] : [`--workdir=${workFolder}`]),
    ...more,
    ...devices.map((device) => `--device=${device}`),
    ...mounts.map(({ source, destination, readOnly }) => `--mount=type=bind,source=${source},destination=${destination}${readOnly ? ',readonly=true' : ''}`),
    ...Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`),
    options.image, ...options.command,
  ];
}

/** `lava-docker-test-shell-4212-3.1`, with the worker's prefix if it has one. */
export function containerName(a: Action, what: string): string {
  const { prefix } = a.job.dispatcher;
  return [what, ...(prefix === undefined || prefix === '' ? [] : [asText(prefix)]), a.job.id, a.level].join('-');
}

/** Further folders of the worker that the lab's admin lets tests see (`test_docker_bind_mounts` of dispatcher.yaml). */
export function adminMounts(job: JobContext): Mount[] {
  const list = job.dispatcher['test_docker_bind_mounts'];
  return (Array.isArray(list) ? list : []).filter(Array.isArray).map(([source, destination, mode]: unknown[]) => ({ source: asText(source), destination: asText(destination), readOnly: mode !== 'rw' }));
}

/** The downloads of a block, or of the namespace it names, for a container; none if there are none. */
export function downloadsMount(a: Action, namespace: string): Mount[] {
  const source = downloadsFolder(a.job, asText(a.parameters['downloads-namespace'] ?? namespace));
  return existsSync(source) ? [{ source, destination: '/lava-downloads' }] : [];
}

/** Does the device have USB parts that containers are to see? */
export function hasUsbParts(job: JobContext): boolean {
  const list = job.device['device_info'];
  return Array.isArray(list) && list.some(isMapping);
}

/** Notes a container before it starts, so that it is removed even if lava-run is killed. */
export async function noteContainer(job: JobContext, name: string, options: readonly string[] = []): Promise<void> {
  await noteLeftover(job, ['docker', ...options, 'rm', '--force', name]);
}

/** Notes the command that ends something which would outlive lava-run. */
export async function noteLeftover(job: JobContext, argv: readonly string[]): Promise<void> {
  await appendFile(join(job.scratch, note), `${JSON.stringify(argv)}\n`);
}

/** Waits until a container runs. It ends with the action. */
export async function untilRunning(a: Action, name: string, options: readonly string[] = []): Promise<void> {
  for (let pause = 100; ; pause = Math.min(1000, pause * 2)) {
    const { status } = await a.exec(['docker', ...options, 'inspect', '--format=.', name], { quiet: true, allowFail: true });
    if (status === 0) return;
    await sleep(pause, a.signal);
  }
}

/** Removes a container, also after the end of the action's time. Never rejects. */
export async function removeContainer(a: Pick<Action, 'log' | 'job'>, name: string, options: readonly string[] = []): Promise<void> {
  await runAtEnd(a, ['docker', ...options, 'rm', '--force', name]);
}

/** Ends what a job which died has left: containers, services. Never rejects. */
export async function endNoted(scratch: string, log: JobLog, environment: Readonly<Record<string, string>>): Promise<void> {
  const text = await readFile(join(scratch, note), 'utf8').catch(() => '');
  // A line that was not written to its end is left out.
  for (const line of text.split('\n').slice(0, -1)) await runAtEnd({ log, job: { environment } }, JSON.parse(line) as string[]);
}

async function runAtEnd(a: { readonly log: JobLog; readonly job: Pick<JobContext, 'environment'> }, argv: readonly string[]): Promise<void> {
  try {
    await execProgram({ ...a, signal: AbortSignal.timeout(removeSeconds * 1000) }, argv, { allowFail: true });
  } catch {
    a.log.warning(`'${argv.join(' ')}' did not end within ${removeSeconds} seconds`);
  }
}
