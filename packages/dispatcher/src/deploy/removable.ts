import { LavaBug } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { promptList } from '../text/prompts.ts';
import { characterDelay } from '../connections/character-delay.ts';
import { serveFile } from '../connections/serve-file.ts';
import { applyOverlayImage } from '../overlay/apply-overlay-image.ts';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { downloadedFiles, writtenMedia } from '../pipeline/namespace-data.ts';
import { overlaySpecs } from './fetch-images.ts';

const kinds = ['usb', 'sata', 'sd'];

/** The disks of the kind that a block means, by name. */
const mediaOf = (device: JobContext['device'], parameters: Parameters) => mappingAt(device, 'parameters', 'media', asText(parameters['to']));
const diskOf = (device: JobContext['device'], parameters: Parameters) => {
  const disk = mediaOf(device, parameters)?.[asText(parameters['device'] ?? '')];
  return isMapping(disk) ? disk : undefined;
};

/** An image that a system which runs on the device already writes to one of the device's disks. */
export const removable: Method = {
  name: 'removable',
  accepts({ device }, parameters) {
    if (!kinds.includes(asText(parameters['to']))) return '"to" parameter is not "usb", "sata" or "sd"';
    if (parameters['device'] === undefined) return '"device" is not in the deployment parameters';
    if (!mediaOf(device, parameters)) return `media was not in the device "parameters" configuration`;
    return diskOf(device, parameters)?.['uuid'] !== undefined || '"uuid" is not in the parameters for the media device';
  },
  build(job, parameters) {
    const downloads = new Downloads();
    const images = isMapping(parameters['images']) ? parameters['images'] : { image: parameters['image'] };
    const place = { uniquify: parameters['uniquify'] !== false };
    const overlaid = (block: unknown) => needsOverlay(job, parameters) && isMapping(block) && (parameters['image'] !== undefined || block['apply-overlay'] === true);
    return {
      name: 'storage-deploy',
      summary: 'deploy to storage',
      description: "write an image to a disk of the device, from the device's own system",
      children: [
        ...overlaySpecs(job, parameters),
        ...Object.entries(images).filter(([, block]) => block !== undefined).flatMap(([label, block]) => [
          downloads.spec(job, parameters, label, block, { ...place, reads: !overlaid(block) }), ...(overlaid(block) ? [applyOverlayImage(label, block as Mapping, { partitioned: true })] : []),
        ]),
        ddImage, ...deviceEnvSpecs(job, parameters),
      ],
      validate: (a) => downloads.check(a),
      async run(a) {
        downloads.start(a, await a.makeFolder());
        await a.runChildren();
      },
    };
  },
};

const defaultPrompts = ['[0-9]+\\+[0-9]+ records out', '[0-9]+ bytes \\(.*\\) copied'];

/** Seconds, where neither job nor device says otherwise. */
const defaultTimeout = 600;

const ddImage: ActionSpec = {
  name: 'dd-image',
  summary: 'dd image to drive',
  description: "have the device's system fetch the image and write it to the disk",
  defaultTimeout,
  validate,
  async run(a) {
    const connection = a.needConnection();
    const image = a.get(downloadedFiles)?.get('image')?.file;
    if (image === undefined) throw new LavaBug('the image was not fetched');
    const disk = `/dev/disk/by-id/${asText(diskOf(a.job.device, a.parameters)?.['uuid'])}`;
    const prompts = promptList(mappingAt(a.parameters, 'tool')?.['prompts'] ?? defaultPrompts);
    await serveFile(a, image, async (url) => {
      await connection.sendLine(commandLine(a, disk, url), { delayMs: characterDelay(a) });
      const first = mappingAt(a.parameters, 'download')?.['prompt'] ?? mappingAt(a.parameters, 'writer')?.['prompt'];
      if (first !== undefined) await connection.expect([asText(first)], { timeoutMs: a.remainingMs(), signal: a.signal });
      await connection.expect(prompts, { timeoutMs: a.remainingMs(), signal: a.signal });
    });
    a.set(writtenMedia, asText(a.parameters['device']));
  },
};

function commandLine(a: Action, disk: string, url: string): string {
  const fill = (text: string) => text.replaceAll('{DOWNLOAD_URL}', () => url).replaceAll('{DEVICE}', () => disk);
  const tool = (key: string) => {
    const block = mappingAt(a.parameters, key);
    return block === undefined ? [] : [fill(`${asText(block['tool'])} ${asText(block['options'] ?? '')}`.trim())];
  };
  const flags = mappingAt(a.parameters, 'tool')?.['flags'];
  const writer = tool('writer');
  return [...tool('download'), ...(writer.length > 0 ? writer : [`dd of='${disk}' bs=4M${flags === undefined ? '' : ` ${asText(flags)}`}`])].join(' | ');
}

function validate(a: Action): void {
  const { parameters } = a;
  const { device } = a.job;
  const tools = ['download', 'writer'].filter((key) => parameters[key] !== undefined);
  if (tools.length === 0) a.error('Neither a download nor a write tool found in parameters');
  for (const key of tools) {
    const block = mappingAt(parameters, key);
    const name = key === 'download' ? 'download' : 'writer';
    if (block?.['tool'] === undefined) a.error('missing download or writer tool for deployment');
    else if (!asText(block['tool']).startsWith('/')) a.error(`${name} tool parameter needs to be an absolute path`);
    if (block?.['options'] === undefined) a.error(`missing options for ${name} tool`);
    if (block?.['prompt'] === undefined) a.error(`missing prompt for ${name} tool`);
  }
  if (parameters['image'] === undefined && mappingAt(parameters, 'images')?.['image'] === undefined) a.error('Missing image parameter');
  const prompts = mappingAt(parameters, 'tool')?.['prompts'];
  if (prompts !== undefined && !Array.isArray(prompts)) a.error("'tool prompts' should be a list");
  else if (Array.isArray(prompts) && prompts.includes('')) a.error("items of 'tool prompts' cannot be empty");
  const media = mediaOf(device, parameters);
  const disk = diskOf(device, parameters);
  if (media?.['UUID-required'] === true && disk?.['root_part'] !== undefined) a.error("'root_part' is not valid as a UUID is required");
}
