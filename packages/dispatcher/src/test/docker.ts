import { join } from 'node:path';
import { isMapping, mappingAt } from '@lava/job';
import { connectProcess } from '../connections/process-connection.ts';
import { disconnectDevice } from '../connections/disconnect-device.ts';
import { adminMounts, containerName, deviceDockerOptions, dockerRun, downloadsMount, hasUsbParts, noteContainer, removeContainer, untilRunning } from '../containers/run-container.ts';
import { checkDocker, containerImage, prepareImage } from '../containers/image.ts';
import { overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import { moreEnvironment } from '../overlay/environment.ts';
import { lavaOverlaySpec } from '../overlay/lava-overlay.ts';
import { shellQuote } from '../text/shell-text.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceOptions, followDevices } from '../usb/share-devices.ts';
import { testShell } from './definitions.ts';

/** Namespace of containers of tests: that of the block keeps its connection to the device, and its overlay. */
const ownNamespace = 'docker-test-shell';
const prompt = 'docker-test-shell:';

/** Test definitions, run by a shell in a container on the worker that has the device's USB parts. */
export const docker: Method = {
  name: 'lava-docker-test',
  priority: 10,
  accepts(_job, parameters) {
    if (parameters['docker'] === undefined) return '"docker" not in parameters';
    return parameters['definitions'] !== undefined || '"definitions" not in parameters';
  },
  build(job, parameters) {
    const inContainer = { ...parameters, namespace: ownNamespace };
    return {
      name: 'lava-docker-test',
      summary: 'Runs tests in a docker container',
      description: 'Runs tests in a docker container, with the DUT available via adb/fastboot over USB',
      timeoutError: 'test-shell',
      children: [
        { ...setEnvironment, parameters: inContainer },
        { ...lavaOverlaySpec(job, parameters, { name: 'lava-create-overlay', compress: false }), parameters: inContainer },
        ...(parameters['disconnect_connection'] === true ? [disconnectDevice] : []),
        { ...containerShell(job, parameters), parameters: inContainer },
      ],
    };
  },
};

/** What tests in a container are told about the device they work on. */
const setEnvironment: ActionSpec = {
  name: 'lava-docker-test-set-environment',
  summary: 'Adds necessary environments variables for docker-test-shell',
  description: 'Adds necessary environments variables for docker-test-shell',
  timeoutError: 'test-shell',
  async run(a) {
    a.set(moreEnvironment, deviceFacts(a.job));
  },
};

function deviceFacts({ device }: JobContext): Record<string, string> {
  const info: unknown = device['device_info'];
  const first: unknown = Array.isArray(info) ? info[0] : undefined;
  const board = isMapping(first) && first['board_id'] !== undefined ? asText(first['board_id']) : '';
  const facts: Record<string, string> = { ANDROID_SERIAL: board, LAVA_BOARD_ID: board };
  const commands = mappingAt(device, 'commands') ?? {};
  for (const [name, entry] of Object.entries(mappingAt(commands, 'connections') ?? {})) {
    const { connect, tags } = isMapping(entry) ? entry : {};
    if (connect === undefined) continue;
    facts[`LAVA_CONNECTION_COMMAND_${name.toUpperCase()}`] = asText(connect);
    if (Array.isArray(tags) && tags.includes('primary')) facts['LAVA_CONNECTION_COMMAND'] = asText(connect);
  }
  if (typeof commands['connect'] === 'string') facts['LAVA_CONNECT_COMMAND'] = commands['connect'];
  for (const name of ['hard_reset', 'power_on', 'power_off']) {
    const command = commands[name];
    if (command) facts[`LAVA_${name.toUpperCase()}_COMMAND`] = Array.isArray(command) ? command.map(asText).join(' && ') : asText(command);
  }
  for (const [section, delay] of Object.entries(mappingAt(device, 'character_delays') ?? {})) facts[`LAVA_${section.toUpperCase()}_CHARACTER_DELAYS`] = asText(delay);
  return facts;
}

/** The test shell of the block, with a container for its device. */
function containerShell(job: JobContext, parameters: Parameters): ActionSpec {
  const shell = testShell(job, parameters);
  const { global } = deviceDockerOptions(job.device);
  let container: string | undefined;
  const remove = async (a: Action) => {
    await a.connection?.close();
    a.connection = undefined;
    if (container !== undefined) await removeContainer(a, container, global);
    container = undefined;
  };
  return {
    ...shell,
    name: job.multinode ? 'lava-multinode-docker-test-shell' : 'lava-docker-test-shell',
    summary: 'Runs lava-test-shell in a docker container',
    description: 'Runs lava-test-shell in a docker container',
    async validate(a) {
      await checkDocker(a, global);
      containerImage(parameters['docker'], 'image');
    },
    async run(a) {
      const image = containerImage(parameters['docker'], 'image');
      await prepareImage(a, image, global);
      container = containerName(a, 'lava-docker-test-shell');
      await noteContainer(job, container, global);
      let stopFollowing = async () => undefined as void;
      try {
        await start(a, container, image.name);
        if (hasUsbParts(job)) {
          await untilRunning(a, container, global);
          stopFollowing = await followDevices(a, container);
        }
        await a.needConnection().waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
        await shell.run?.(a);
      } finally {
        await stopFollowing();
        await remove(a);
      }
    },
    async cleanup(a) {
      await remove(a);
      await shell.cleanup?.(a);
    },
  };

  async function start(a: Action, name: string, image: string): Promise<void> {
    const at = a.get(resultsFolder) ?? '';
    const argv = dockerRun(job, {
      image, name, interactive: true, command: ['bash', '--norc', '-i'],
      networkFrom: mappingAt(parameters, 'docker')?.['network_from'],
      mounts: [{ source: join(a.get(overlayFolder) ?? '', at), destination: at }, ...downloadsMount(a, asText(parameters['namespace'] ?? 'common')), ...adminMounts(job)],
      environment: { PS1: 'docker-test-shell:$ ' },
      more: hasUsbParts(job) ? await deviceOptions(a) : [],
    });
    a.log.debug(`Starting docker test shell container: ${argv.map(shellQuote).join(' ')}`);
    a.connection = await connectProcess(a, argv, { tags: ['docker'], terminal: true });
    a.connection.prompts = [prompt];
  }
}
