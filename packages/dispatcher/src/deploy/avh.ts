import { randomBytes } from 'node:crypto';
import { basename, extname } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { which } from '../process/which.ts';
import { AvhApi, avhFirmware } from '../flash/avh-api.ts';
import { applyOverlayImage } from '../overlay/apply-overlay-image.ts';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import { asText } from '../text/as-text.ts';
import type { Action, Method } from '../pipeline/action.ts';
import { applyOverlayAvh, packageNames, packFirmware } from './avh-package.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Firmware for a board of Arm Virtual Hardware; the boot method `avh` uploads and starts it. */
export const avhDeploy: Method = {
  name: 'avh',
  accepts: to('avh', { method: 'avh' }),
  build(job, parameters) {
    const downloads = new Downloads();
    const images: Mapping = parameters['fw_package'] === undefined ? mappingAt(parameters, 'images') ?? {} : { fw_package: parameters['fw_package'] };
    const { rootfs, fw_package: ready } = images;
    const overlay = needsOverlay(job, parameters);
    return {
      name: 'deploy-avh-retry',
      summary: 'deploy with retry',
      description: 'deploy AVH with retry',
      retry: true,
      children: [{
        name: 'deploy-avh',
        summary: 'AVH deployment',
        description: 'download files and make a firmware package of them',
        children: [
          ...overlaySpecs(job, parameters), ...Object.entries(images).map(([label, block]) => downloads.spec(job, parameters, label, block)),
          ...(overlay && isMapping(rootfs) ? [applyOverlayImage('rootfs', rootfs, { partitioned: true })] : []), ...(overlay && isMapping(ready) ? [applyOverlayAvh(ready)] : []),
          ...deviceEnvSpecs(job, parameters),
        ],
        validate(a) {
          downloads.check(a);
          which('bsdtar', 'Install the Debian package libarchive-tools on the worker.');
          if (Object.keys(images).length === 0) a.error("either 'images' or 'fw_package' is needed to deploy avh");
          else if (ready === undefined) for (const label of Object.keys(packageNames)) if (images[label] === undefined) a.error(`No '${label}' image specified for AVH deploy`);
          if (overlay && isMapping(rootfs) && (rootfs['root_partition'] ?? undefined) === undefined) a.error("Unable to apply overlay without 'root_partition'", 'overlay-partition');
          for (const key of ['storage_file', 'root_partition']) {
            if (overlay && isMapping(ready) && (ready[key] ?? undefined) === undefined) a.error(`Unable to apply overlay without 'fw_package.${key}'`, 'overlay-partition');
          }
          for (const key of ['model', 'api_endpoint', 'project_name']) if (!optionsOf(a)[key]) a.error(`'${key}' of AVH is given neither by the job ('options') nor by the device ('avh_model', 'avh_api_end_point', 'avh_project_name')`);
        },
        async run(a) {
          const options = optionsOf(a);
          const model = asText(options['model']);
          const api = await AvhApi.login(a, asText(options['api_endpoint']));
          const known = await api.flavors(a);
          if (!known.includes(model)) throw new JobError(`${model} is not a supported model! Supported AVH models are: ${known.join(', ')}`, { code: 'avh-model', hint: "Say one of them with 'model' below 'options' of the deploy block, or 'avh_model' in the device dictionary." });
          const project = await api.project(a, asText(options['project_name']));
          const folder = await a.makeFolder();
          downloads.start(a, folder);
          await a.runChildren();
          const downloaded = a.get(downloadedFiles)?.get('fw_package')?.file;
          const name = downloaded !== undefined ? basename(downloaded, extname(downloaded)) : `lava-avh-${model}-${a.level}-${a.job.id}-${randomBytes(3).toString('hex').slice(0, 5)}`;
          a.set(avhFirmware, { api, name, version: a.level, model, project, file: downloaded ?? await packFirmware(a, { folder, name, model }) });
        },
      }],
    };
  },
};

/** The job's words come before the device's. */
function optionsOf(a: Action): Mapping {
  return { ...mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'avh', 'options'), ...mappingAt(a.parameters, 'options') };
}
