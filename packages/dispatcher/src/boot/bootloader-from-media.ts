import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { writtenMedia } from '../pipeline/namespace-data.ts';

/** Where the bootloader finds the system on a disk that was written before. */
interface MediaBoot {
  readonly kernel: string | undefined;
  readonly ramdisk: string | undefined;
  readonly dtb: string | undefined;
  /** UUID of the root file system. */
  readonly root: string | undefined;
  readonly bootPart: string | undefined;
  /** U-Boot's command, where it must be told. */
  readonly command: string | undefined;
}
export const mediaBoot = sharedKey<MediaBoot | undefined>('bootloader-from-media');

/** The disks of a kind (`usb`, `sata`, `sd`) that `commands` of the block names; undefined if it names something else. */
function mediaOf(a: Action): Readonly<Record<string, unknown>> | undefined {
  const { commands } = a.parameters;
  return typeof commands === 'string' ? mappingAt(a.job.device, 'parameters', 'media', commands) : undefined;
}

/** Tells what the block says of a system on a disk. @param uboot also the disk's number and the command for its kernel */
function fromMedia(name: string, uboot: boolean): ActionSpec {
  return {
    name,
    summary: uboot ? 'set uboot strings for deployed media' : 'set bootloader strings for deployed media',
    description: `let ${uboot ? 'uboot' : 'bootloader'} know where to find the kernel in the image on secondary media`,
    validate(a) {
      if (!mediaOf(a)) return;
      const { parameters } = a;
      if (parameters['kernel'] === undefined) a.error('Missing kernel location');
      if (parameters['root_uuid'] === undefined) a.error('Missing UUID of the roofs inside the deployed image');
      if (parameters['boot_part'] === undefined) a.error('Missing boot_part for the partition number of the boot files inside the deployed image');
      if (uboot && parameters['kernel_type'] === undefined) a.error('Missing kernel_type for secondary media boot');
    },
    async run(a) {
      const media = mediaOf(a);
      a.set(mediaBoot, undefined);
      if (!media) return;
      const text = (key: string) => (a.parameters[key] === undefined ? undefined : asText(a.parameters[key]));
      const disk = a.get(writtenMedia);
      const found = disk === undefined ? Object.values(media).find(isMapping) : media[disk];
      const part = text('boot_part') ?? '';
      a.set(mediaBoot, {
        kernel: text('kernel'), ramdisk: text('ramdisk'), dtb: text('dtb'), root: text('root_uuid'),
        bootPart: uboot && isMapping(found) ? `${asText(found['device_id'])}:${part}` : part,
        command: uboot ? ({ zimage: 'bootz', image: 'booti' }[text('kernel_type') ?? ''] ?? 'bootm') : undefined,
      });
    },
  };
}

export const ubootFromMedia = fromMedia('uboot-from-media', true);
export const bootloaderFromMedia = fromMedia('bootloader-from-media', false);
