import { mappingAt } from '@lava/job';
import { checkDocker, containerImage, prepareImage } from '../containers/image.ts';
import { lavaOverlaySpec, needsOverlay } from '../overlay/lava-overlay.ts';
import { sharedKey, type Method } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { deployDeviceEnv } from './device-env.ts';

/** Image that `boot: method: docker` runs. */
export const deployedImage = sharedKey<string>('deploy-docker');

/** Options of `docker` that name the machine whose daemon is used, if it is not the worker's. @param options of the device's method */
export function dockerHost(device: Readonly<Record<string, unknown>>, family: 'deploy' | 'boot'): string[] {
  const remote = mappingAt(device, 'actions', family, 'methods', 'docker', 'options')?.['remote'];
  return remote === undefined || remote === null || remote === '' ? [] : ['--host', asText(remote)];
}

/** An image that a container is made of by the boot block. */
export const docker: Method = {
  name: 'docker',
  accepts(job, parameters) {
    if (parameters['to'] !== 'docker') return '"to" parameter is not "docker"';
    if (!deviceHasMethod(job.device, 'deploy', 'docker')) return '"docker" was not in the device configuration deploy methods';
    return parameters['image'] !== undefined || '"image" was not in the deployment parameters';
  },
  build(job, parameters) {
    const host = dockerHost(job.device, 'deploy');
    return {
      name: 'deploy-docker',
      summary: 'deploy docker',
      description: 'deploy docker images',
      children: [
        ...(job.tests.get(asText(parameters['namespace'] ?? 'common'))?.deploymentData ? [deployDeviceEnv] : []),
        ...(needsOverlay(job, parameters) ? [lavaOverlaySpec(job, parameters, { compress: false })] : []),
      ],
      async validate(a) {
        await checkDocker(a, host);
        containerImage(parameters['image'], 'name');
      },
      async run(a) {
        const image = containerImage(parameters['image'], 'name');
        await prepareImage(a, image, host);
        a.set(deployedImage, image.name);
        await a.runChildren();
      },
    };
  },
};
