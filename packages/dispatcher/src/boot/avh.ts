import { InfrastructureError, JobError, LavaBug, LavaError, sleep } from '@lava/base';
import { mappingAt } from '@lava/job';
import { connectProcess } from '../connections/process-connection.ts';
import { containerImage, prepareImage } from '../containers/image.ts';
import { containerName, deviceDockerOptions, dockerRun, noteContainer, removeContainer } from '../containers/run-container.ts';
import { avhFirmware, type AvhApi } from '../flash/avh-api.ts';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec, type Method } from '../pipeline/action.ts';
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
  /** An instance that was asked for, and may be made although the answer never came. */
  let asked: { api: AvhApi; name: string } | undefined;
  return {
    name: 'call-avh',
    summary: 'create AVH instance',
    description: 'upload the firmware and start an instance with it',
    timeoutError: 'Infrastructure',
    async run(a) {
      const firmware = a.get(avhFirmware);
      if (!firmware) throw new JobError("'method: avh' needs a deploy block with 'to: avh'", { code: 'deploy-missing' });
      const { api, name, version, model, project, file } = firmware;
      const image = await api.upload(a, { file, project });
      made.push({ api, kind: 'images', id: image });
      const { normal, restore } = mappingAt(a.parameters, 'bootargs') ?? {};
      const bootOptions = { ...(given(normal) && { bootArgs: asText(normal) }), ...(given(restore) && { restoreBootArgs: asText(restore) }) };
      asked = { api, name };
      const id = await api.createInstance(a, {
        name, project, flavor: model, fwpackage: image, os: version, osbuild: a.job.id, ...(Object.keys(bootOptions).length > 0 && { bootOptions }),
      });
      made.unshift({ api, kind: 'instances', id });
      asked = undefined;
      for (;;) {
        const state = await api.state(a, id);
        a.log.debug(`The instance is ${state}`);
        if (state === 'on') break;
        if (state === 'error') {
          a.log.error(`The service says of the instance: ${await api.errorOf(a, id)}`);
          throw new InfrastructureError('Instance entered error state', { code: 'avh-instance', hint: 'See the log for what the service says; often the firmware or the flavor is at fault.' });
        }
        await sleep(pollMs, a.signal);
      }
      a.set(instanceId, id);
    },
    async cleanup(a) {
      const left = made;
      const lost = asked;
      [made, asked] = [[], undefined];
      if (lost) {
        await orWarn(a, `an instance '${lost.name}' may be left in AVH`, async () => {
          const id = await lost.api.findInstance(a, lost.name);
          if (id !== undefined) left.unshift({ api: lost.api, kind: 'instances', id });
        });
      }
      for (const { api, kind, id } of left) await orWarn(a, `${id} of AVH's ${kind} could not be removed`, () => api.remove(a, kind, id));
    },
  };
}

const given = (value: unknown) => value !== undefined && value !== null && value !== '';

async function orWarn(a: Action, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LavaError)) throw error;
    a.log.warning(`${what}: ${error.message}`);
  }
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
      const firmware = a.get(avhFirmware);
      const instance = a.get(instanceId);
      if (!firmware || instance === undefined) throw new LavaBug('there is no instance to connect to');
      const url = await firmware.api.consoleUrl(a, instance, firmware.model);
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
