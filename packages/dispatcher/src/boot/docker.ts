import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { mappingAt, type Mapping } from '@lava/job';
import { connectProcess } from '../connections/process-connection.ts';
import { shellSplit } from '../text/shell-split.ts';
import { which } from '../process/which.ts';
import { containerName, downloadsMount, noteContainer } from '../containers/run-container.ts';
import { overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import { deployedImage, dockerHost } from '../deploy/docker.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';

/** A command in a container of the deployed image; its terminal is the connection. */
export const docker: Method = {
  name: 'docker',
  accepts(job, parameters) {
    if (parameters['method'] !== 'docker') return '"method" was not "docker"';
    if (!deviceHasMethod(job.device, 'boot', 'docker')) return '"docker" was not in the device configuration boot methods';
    return parameters['command'] !== undefined || '"command" not in boot parameters';
  },
  build(job, parameters) {
    const shell = parameters['prompts'] !== undefined && job.tests.get(asText(parameters['namespace'] ?? 'common'))?.shell === true;
    return {
      name: 'boot-docker',
      summary: 'boot docker image',
      description: 'boot docker image',
      retry: true,
      children: [runDocker(), ...(shell ? [expectShellConnection, exportDeviceEnv] : [])],
    };
  },
};

function runDocker(): ActionSpec {
  let container: string | undefined;
  return {
    name: 'docker-run',
    summary: 'run docker',
    description: 'run a command within a docker image',
    validate(a) {
      which('docker');
      if (typeof a.parameters['command'] !== 'string') a.error("'command' of the boot block should be a text");
    },
    async run(a) {
      const image = a.get(deployedImage);
      if (image === undefined) throw new JobError('Missing deploy action before boot', { code: 'deploy-missing' });
      await a.connection?.close();
      const host = dockerHost(a.job.device, 'boot');
      container = containerName(a, 'lava');
      await noteContainer(a.job, container, host);
      const argv = ['docker', ...host, 'run', '--rm', '--interactive', '--tty', '--hostname', 'lava', '--name', container,
        ...overlayVolume(a, host.length > 0), ...await deviceOptions(a), ...downloadsMount(a, a.namespace).flatMap(({ source, destination }) => ['--volume', `${source}:${destination}`]),
        image, ...shellSplit(asText(a.parameters['command']))];
      a.log.debug(`Boot command: ${argv.join(' ')}`);
      a.connection = await connectProcess(a, argv, { tags: ['docker'], terminal: true });
    },
    async cleanup(a) {
      if (container === undefined) return;
      const name = container;
      container = undefined;
      a.log.debug(`Stopping container ${name}`);
      await a.exec(['docker', ...dockerHost(a.job.device, 'boot'), 'stop', name], { allowFail: true });
    },
  };
}

/** The overlay for a container; another machine mounts it over NFS. */
function overlayVolume(a: Action, remote: boolean): string[] {
  const folder = a.get(overlayFolder);
  const at = a.get(resultsFolder);
  if (folder === undefined || at === undefined) return [];
  const source = join(folder, at);
  if (!remote) return ['--volume', `${source}:${at}`];
  return ['--mount', `type=volume,volume-driver=local,dst=${at},volume-opt=type=nfs,volume-opt=device=:${source},"volume-opt=o=addr=${a.job.dispatcherIp}"`];
}

/** What the device configuration allows its containers. */
async function deviceOptions(a: Action): Promise<string[]> {
  const options: Mapping = mappingAt(a.job.device, 'actions', 'boot', 'methods', 'docker', 'options') ?? {};
  const list = (key: string) => (Array.isArray(options[key]) ? options[key].map(asText) : []);
  const number = (key: string, option: string) => (Number(options[key] ?? 0) === 0 ? [] : [option, asText(options[key])]);
  const each = (option: string, values: readonly string[]) => values.flatMap((value) => [option, value]);
  return [
    ...number('cpus', '--cpus'), ...number('memory', '--memory'),
    ...(options['privileged'] === true ? ['--privileged'] : []),
    ...each('--cap-add', list('capabilities')),
    ...each('--device', await Promise.all(list('devices').map((device) => realpath(device).catch(() => device)))),
    ...each('--network', list('networks')),
    ...each('--volume', list('volumes')),
    ...list('extra_arguments'),
  ];
}
