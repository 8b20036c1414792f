import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { which } from '../connections/which.ts';
import { AvhApi, avhFirmware } from '../flash/avh-api.ts';
import { applyOverlayImage } from '../overlay/apply-overlay-image.ts';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import { asText } from '../pipeline/as-text.ts';
import type { Action, Method } from '../pipeline/action.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { downloadedFiles } from './downloaded.ts';
import { overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Firmware for a board of Arm Virtual Hardware; the boot method `avh` uploads and starts it. */
export const avhDeploy: Method = {
  name: 'avh',
  accepts: to('avh', { method: 'avh' }),
  build(job, parameters) {
    const downloads = new Downloads();
    const images: Mapping = parameters['fw_package'] === undefined ? mappingAt(parameters, 'images') ?? {} : { fw_package: parameters['fw_package'] };
    const { rootfs } = images;
    const overlay = needsOverlay(job, parameters) && isMapping(rootfs);
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
          ...(overlay ? [applyOverlayImage('rootfs', rootfs, { partitioned: true })] : []), ...deviceEnvSpecs(job, parameters),
        ],
        validate(a) {
          downloads.check(a);
          if (Object.keys(images).length === 0) a.error("'images' or 'fw_package' is missing for AVH");
          if (images['fw_package'] === undefined) which('bsdtar', 'Install the Debian package libarchive-tools on the worker.');
          for (const key of ['model', 'api_endpoint', 'project_name']) if (!optionsOf(a)[key]) a.error(`'${key}' of AVH is given neither by the job nor by the device`);
        },
        async run(a) {
          const options = optionsOf(a);
          const model = asText(options['model']);
          const api = await AvhApi.login(a, asText(options['api_endpoint']));
          const known = await api.flavors(a);
          if (!known.includes(model)) throw new JobError(`${model} is not a supported model! Supported AVH models are: ${known.join(', ')}`, { code: 'avh-model' });
          const project = await api.project(a, asText(options['project_name']));
          const folder = await a.makeFolder();
          downloads.start(a, folder);
          await a.runChildren();
          const name = `lava-avh-${model}-${a.level}-${a.job.id}-${randomBytes(3).toString('hex').slice(0, 5)}`;
          a.set(avhFirmware, { api, name, model, project, file: a.get(downloadedFiles)?.get('fw_package')?.file ?? await packFirmware(a, { folder, name, model }) });
        },
      }],
    };
  },
};

/** The job's words come before the device's. */
function optionsOf(a: Action): Mapping {
  return { ...mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'avh', 'options'), ...mappingAt(a.parameters, 'options') };
}

/** Names of files in a package, by the label of the image. */
const names: Readonly<Record<string, string>> = { kernel: 'kernel', dtb: 'devicetree', rootfs: 'nand' };

async function packFirmware(a: Action, { folder, name, model }: { folder: string; name: string; model: string }): Promise<string> {
  const content = join(folder, 'package');
  await mkdir(content);
  const facts = { Type: 'iot', UniqueIdentifier: name, DeviceIdentifier: model, Version: a.level, Build: a.job.id };
  const entries = Object.entries(facts).map(([key, value]) => `  <key>${key}</key>\n  <string>${value}</string>`).join('\n');
  await writeFile(join(content, 'Info.plist'), `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n${entries}\n</dict>\n</plist>\n`);
  for (const [label, { file }] of a.get(downloadedFiles) ?? []) {
    const target = names[label];
    if (target !== undefined) await copyFile(file, join(content, target));
  }
  const file = join(folder, `${name}.zip`);
  await a.exec(['bsdtar', '--format=zip', '-c', '-f', file, '-C', content, '.'], { error: 'Infrastructure', errorMessage: 'Unable to pack the firmware' });
  return file;
}
