import { ConfigurationError, LavaBug } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { Action, Method } from '../pipeline/action.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** An image that the worker itself shows to the board as a USB disk, for as long as the job runs. */
export const usbgMs: Method = {
  name: 'usbg-ms',
  accepts(job, parameters) {
    const meant = to('usbg-ms', { method: 'usbg-ms' })(job, parameters);
    if (meant !== true) return meant;
    const settings = mappingAt(job.device, 'actions', 'deploy', 'methods')?.['usbg-ms'];
    const keys = isMapping(settings) ? Object.keys(settings).sort() : [];
    if (keys.join() !== 'disable,enable') {
      throw new ConfigurationError("'usbg-ms' must have exactly the keys 'disable' and 'enable'", { code: 'device-configuration', hint: 'Each is a list of words of a command on the worker; {IMAGE} stands for the file.' });
    }
    return parameters['image'] !== undefined || '"image" is not in the deployment parameters';
  },
  build(job, parameters) {
    const downloads = new Downloads();
    let enabled = false;
    return {
      name: 'usbg-ms',
      summary: 'deploy usbg-ms',
      description: 'deploy via usbg-ms',
      children: [...overlaySpecs(job, parameters), downloads.spec(job, parameters, 'image', parameters['image']), ...deviceEnvSpecs(job, parameters)],
      validate: (a) => downloads.check(a),
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
        const image = a.get(downloadedFiles)?.get('image')?.file;
        if (image === undefined) throw new LavaBug('the image was not fetched');
        await a.exec(words(a, 'disable'), { allowFail: true });
        enabled = true;
        await a.exec(words(a, 'enable').map((word) => word.replaceAll('{IMAGE}', () => image)), { error: 'Infrastructure', errorMessage: 'Unable to enable the USB mass storage', code: 'usb-gadget' });
      },
      async cleanup(a) {
        if (!enabled) return;
        enabled = false;
        await a.exec(words(a, 'disable'), { allowFail: true });
      },
    };
  },
};

function words(a: Action, key: 'enable' | 'disable'): string[] {
  const list: unknown = mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'usbg-ms')?.[key];
  if (!Array.isArray(list) || list.length === 0) throw new ConfigurationError(`'${key}' of 'usbg-ms' should be a list`, { code: 'device-configuration', hint: "Write the words of a command on the worker, below 'actions.deploy.methods.usbg-ms' of the device configuration." });
  return list.map(asText);
}
