import { InfrastructureError, JobError, LavaError, sleep } from '@lava/base';
import { mappingAt } from '@lava/job';
import { connectProcess } from '../connections/process-connection.ts';
import { containerImage, prepareImage } from '../containers/image.ts';
import { containerName, deviceDockerOptions, dockerRun, noteContainer, removeContainer } from '../containers/run-container.ts';
import { avhFirmware, type AvhApi } from '../flash/avh-api.ts';
import { asText } from '../pipeline/as-text.ts';
import { sharedKey, type ActionSpec, type Method } from '../pipeline/action.ts';
import { byMethod } from './by-method.ts';
import { bootTail } from './tail.ts';

/** The instance that runs. */
const instanceId = sharedKey<string>('call-avh');

/** A board of Arm Virtual Hardware, with the firmware that was deployed. */
export const avh: Method = {
  name: 'avh',
  accepts: byMethod('avh'),
  build: (job, parameters) => ({
    name: 'boot-avh',
    summary: 'boot AVH with retry',
    description: 'boot an Arm Virtual Hardware instance with retry',
    retry: true,
    children: [callAvh(), connectAvh(), ...bootTail(job, parameters)],
  }),
};

const pollMs = 3000;

function callAvh(): ActionSpec {
  let made: { api: AvhApi; kind: 'images' | 'instances'; id: string }[] = [];
  return {
    name: 'call-avh',
    summary: 'create AVH instance',
    description: 'upload the firmware and start an instance with it',
    timeoutError: 'Infrastructure',
    async run(a) {
      const firmware = a.get(avhFirmware);
      if (!firmware) throw new JobError("'method: avh' needs a deploy block with 'to: avh'", { code: 'deploy-missing' });
      const { api, name, model, project, file } = firmware;
      const image = await api.upload(a, { file, project });
      made.push({ api, kind: 'images', id: image });
      const bootargs = mappingAt(a.parameters, 'bootargs');
      const id = await api.createInstance(a, {
        name, project, flavor: model, fwpackage: image, os: a.level, osbuild: a.job.id,
        ...(bootargs && { bootOptions: { bootArgs: asText(bootargs['normal'] ?? ''), restoreBootArgs: asText(bootargs['restore'] ?? '') } }),
      });
      made.unshift({ api, kind: 'instances', id });
      for (;;) {
        const state = await api.state(a, id);
        a.log.debug(`The instance is ${state}`);
        if (state === 'on') break;
        if (state === 'error') throw new InfrastructureError('Instance entered error state', { code: 'avh-instance' });
        await sleep(pollMs, a.signal);
      }
      a.set(instanceId, id);
    },
    async cleanup(a) {
      const left = made;
      made = [];
      for (const { api, kind, id } of left) {
        try {
          await api.remove(a, kind, id);
        } catch (error) {
          if (!(error instanceof LavaError)) throw error;
          a.log.warning(`${id} of AVH's ${kind} could not be removed: ${error.message}`);
        }
      }
    },
  };
}

/** A program for web sockets. */
const defaultImage = 'ghcr.io/vi/websocat:v1.14.1';

function connectAvh(): ActionSpec {
  let container: string | undefined;
  return {
    name: 'connect-avh',
    summary: 'connect to the console of the AVH instance',
    description: 'connect to the console of the instance over its web socket',
    timeoutError: 'Infrastructure',
    async run(a) {
      const { api } = a.get(avhFirmware) ?? {};
      const url = await api?.consoleUrl(a, a.get(instanceId) ?? '') ?? '';
      const image = containerImage(a.parameters['docker'] ?? defaultImage, 'image');
      const { global } = deviceDockerOptions(a.job.device);
      await prepareImage(a, image, global);
      container = containerName(a, 'lava-avh');
      await noteContainer(a.job, container, global);
      a.connection = await connectProcess(a, dockerRun(a.job, { image: image.name, name: container, interactive: true, command: ['-b', url] }), { tags: ['avh'], terminal: true });
    },
    async cleanup(a) {
      if (container !== undefined) await removeContainer(a, container, deviceDockerOptions(a.job.device).global);
      container = undefined;
    },
  };
}
