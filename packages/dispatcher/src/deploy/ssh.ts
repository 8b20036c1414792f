import { JobError } from '@lava/base';
import { isMapping, mappingAt, pythonRepr, type Mapping } from '@lava/job';
import { lavaOverlaySpec } from '../overlay/lava-overlay.ts';
import { sharedKey, type Action, type ActionSpec, type Method, type Parameters } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { protocolCalls, receivedData } from '../pipeline/protocol-calls.ts';
import { multinodeName } from '../multinode/multinode.ts';
import { deployDeviceEnv } from './device-env.ts';
import { Downloads } from './download.ts';
import { dynamicData } from '../pipeline/namespace-data.ts';

const labels = ['firmware', 'kernel', 'dtb', 'rootfs', 'modules'];

/** Address of the host that the overlay is copied to, of jobs that another job of their group tells it. */
export const overlayHost = sharedKey<string>('prepare-scp-overlay');
/** Messages that the deploy block awaits the address in. */
export const overlayHostIds = sharedKey<readonly string[]>('prepare-scp-overlay ids');

/** The tests, ready to be copied over ssh to a system that runs already. The boot block copies them. */
export const ssh: Method = {
  name: 'scp-overlay',
  accepts(job, parameters) {
    if (parameters['to'] !== 'ssh') return '"to" parameter is not "ssh"';
    return deviceHasMethod(job.device, 'deploy', 'ssh') || '"ssh" was not in the device configuration deploy methods';
  },
  build(job, parameters) {
    const downloads = new Downloads();
    const needs = job.tests.get(asText(parameters['namespace'] ?? 'common'));
    return {
      name: 'scp-overlay',
      summary: 'copy overlay to device',
      description: 'prepare overlay and scp to device',
      children: [
        lavaOverlaySpec(job, parameters),
        ...labels.filter((label) => label in parameters).map((label) => downloads.spec(job, parameters, label, parameters[label])),
        prepareScpOverlay(job, parameters),
        ...(needs?.deploymentData ? [deployDeviceEnv] : []),
      ],
      validate(a) {
        if (!needs?.shell) a.error('Scp overlay needs a test action.');
        downloads.check(a);
      },
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
        a.set(dynamicData, { ...a.get(dynamicData), LC_ALL: 'C.UTF-8', LANG: 'C' });
      },
    };
  },
};

/** Its name is where multinode jobs ask for the address of their host. */
function prepareScpOverlay(job: JobContext, parameters: Parameters): ActionSpec {
  const calls = () => protocolCalls({ parameters }).filter(({ action }) => action === 'prepare-scp-overlay');
  return {
    name: 'prepare-scp-overlay',
    summary: 'scp the overlay to the remote device',
    description: 'copy the overlay over an existing ssh connection',
    timeoutError: 'Infrastructure',
    validate(a) {
      const block = mappingAt(parameters, 'protocols')?.[multinodeName];
      if (!job.multinode || block === undefined) return;
      if (!Array.isArray(block)) return a.error('Invalid protocol action setting - needs to be a list.');
      for (const call of calls()) {
        if (call['messageID'] === undefined) a.error(`Invalid protocol block: ${pythonRepr(call)}`);
        else if (!isMapping(call['message']) || Object.keys(call['message']).length === 0) a.error('Missing message block for scp deployment');
      }
      if (calls().length !== 1) a.error('Invalid number of host_keys');
      a.set(overlayHostIds, calls().map(({ messageID }) => asText(messageID)));
    },
    async run(a) {
      for (const call of calls()) takeHost(a, call);
    },
  };
}

/** The first key of the message names the value that is the address. */
function takeHost(a: Action, call: Mapping): void {
  const [key = ''] = Object.keys(mappingAt(call, 'message') ?? {});
  const data = a.get(receivedData(asText(call['messageID']))) ?? {};
  if (!Object.hasOwn(data, key)) throw new JobError(`Mismatched replacement key ${key} and received data ${pythonRepr(Object.keys(data))}`, { code: 'ssh-host' });
  a.log.debug(`Using ${asText(data[key])} as the host of the overlay`);
  a.set(overlayHost, asText(data[key]));
}
