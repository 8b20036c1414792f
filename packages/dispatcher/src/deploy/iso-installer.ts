import { truncate, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { which } from '../process/which.ts';
import { applyOverlayGuest } from '../overlay/guest-disk.ts';
import { needsOverlay } from '../overlay/lava-overlay.ts';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec, type Method } from '../pipeline/action.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { downloadedFiles, overlayApplied, setTftpFile } from '../pipeline/namespace-data.ts';
import { imagesOf, overlaySpecs } from './fetch-images.ts';
import { configurePreseedFile } from './preseed.ts';
import { serveTftp, tftpRoot, type TftpService } from './serve-tftp.ts';
import { tftpFolder } from './tftp-folder.ts';
import { to } from './to.ts';

/** What QEMU is told to install: the boot method `qemu-iso` runs it. */
export interface Installation {
  /** The disk that is installed to. */
  readonly disk: string;
  readonly words: readonly string[];
}
export const installation = sharedKey<Installation>('prepare-qemu-commands');
const emptyDisk = sharedKey<string>('prepare-empty-image');
const installerFolder = sharedKey<string>('pull-installer-files');

/** Megabytes. */
const largestDisk = 8192;

/** What installers of Debian are told, so that they ask nothing. */
const debian = {
  base: 'auto=true install noshell debug verbose BOOT_DEBUG=1 DEBIAN_FRONTEND=text', locale: 'debian-installer/locale=en_US',
  keymaps: 'console-keymaps-at/keymap=us keyboard-configuration/xkb-keymap=us', network: 'netcfg/choose_interface=auto netcfg/get_hostname=debian netcfg/get_domain=',
};

/** An installation from a CD image in QEMU. */
export const isoInstaller: Method = {
  name: 'iso',
  accepts(job, parameters) {
    const meant = to('iso-installer', { method: 'image', keys: ['iso'] })(job, parameters);
    return meant === true ? mappingAt(parameters, 'iso')?.['installation_size'] !== undefined || '"installation_size" is not in the iso parameters' : meant;
  },
  build(job, parameters) {
    const downloads = new Downloads();
    const images = imagesOf(parameters);
    let service: TftpService | undefined;
    return {
      name: 'deploy-iso-installer',
      summary: 'setup deployment for emulated installer',
      description: 'pull kernel and initrd out of an installer image and prepare the disk',
      children: [
        prepareEmptyImage, ...['preseed', 'iso'].map((label) => downloads.spec(job, parameters, label, images[label])), configurePreseedFile, pullInstallerFiles, prepareQemuCommands,
        ...(needsOverlay(job, parameters) ? [...overlaySpecs(job, parameters), applyOverlayGuest] : []), ...deviceEnvSpecs(job, parameters),
      ],
      validate(a) {
        downloads.check(a);
        for (const label of ['iso', 'preseed']) if (!isMapping(images[label])) a.error(`Missing '${label}' image for the installation`);
      },
      async run(a) {
        a.set(overlayApplied, false);
        const folder = await tftpFolder(a);
        service = await serveTftp(a, /^[^/]+\/deploy-iso-installer-\w+\//, relative(tftpRoot(job), folder));
        downloads.start(a, folder);
        await a.runChildren();
      },
      async cleanup() {
        await service?.stop();
        service = undefined;
      },
    };
  },
};

/** Megabytes of the disk. @throws JobError for what is no size */
export function diskMegabytes(size: unknown): number {
  const refuse = (text: string) => new JobError(text, { code: 'installation-size' });
  if (typeof size !== 'string') throw refuse('installation size needs to be a string, e.g. 2G or 800M');
  if (!/\d/.test(size)) throw refuse(`installation size needs to contain a digit, not '${size}'`);
  const [, number, unit] = /^(\d+)([MG])$/.exec(size) ?? [];
  if (number === undefined) throw refuse(`Unable to recognise size indication in ${size} - use M or G`);
  const megabytes = Number(number) * (unit === 'G' ? 1024 : 1);
  if (megabytes > largestDisk) throw refuse(`Base installation size cannot exceed ${largestDisk} Mb`);
  return megabytes;
}

const sizeOf = (a: Action) => diskMegabytes(mappingAt(a.parameters, 'iso')?.['installation_size']);

const prepareEmptyImage: ActionSpec = {
  name: 'prepare-empty-image',
  summary: 'create empty image of specified size',
  description: 'create the empty disk that the installer writes to',
  validate: (a) => { sizeOf(a); },
  async run(a) {
    const disk = join(await a.makeFolder(), 'hd.img');
    await writeFile(disk, '');
    await truncate(disk, sizeOf(a) * 1024 * 1024);
    a.set(emptyDisk, disk);
  },
};

/** Files that are taken out of the image, by what they are. */
function pulled(a: Action): [string, string][] {
  const iso = mappingAt(a.parameters, 'iso') ?? {};
  return ['kernel', 'initrd'].filter((key) => iso[key] !== undefined).map((key) => [key, asText(iso[key])]);
}

const pullInstallerFiles: ActionSpec = {
  name: 'pull-installer-files',
  summary: 'pull kernel and initrd out of iso',
  description: 'take kernel and initial ramdisk out of the installer image',
  validate(a) {
    which('bsdtar', 'Install the Debian package libarchive-tools on the worker.');
    for (const [, path] of pulled(a)) if (!path.startsWith('/')) a.error(`Paths to pull from the ISO need to start with / - check ${path}`);
    const names = pulled(a).map(([, path]) => basename(path));
    if (new Set(names).size < names.length) a.error('The files to pull from the ISO must have different names');
  },
  async run(a) {
    const folder = await a.makeFolder();
    const iso = a.get(downloadedFiles)?.get('iso')?.file ?? '';
    const paths = pulled(a).map(([, path]) => path.replace(/^\/+/, ''));
    await a.exec(['bsdtar', '-x', '-f', iso, '-C', folder, ...paths], { errorMessage: `Unable to take ${paths.join(', ')} out of '${iso}'`, code: 'installer-files' });
    a.set(installerFolder, folder);
  },
};

const prepareQemuCommands: ActionSpec = {
  name: 'prepare-qemu-commands',
  summary: 'build qemu commands',
  description: "prepare QEMU's command line for the installation",
  validate(a) {
    if (a.parameters['os'] !== 'debian_installer') a.error("Only 'os: debian_installer' can be installed with iso-installer");
    const options = bootOptions(a);
    for (const key of ['console', 'boot_order']) if (options?.[key] === undefined) a.error(`Missing '${key}' in 'boot_options' of qemu in the device configuration`);
  },
  async run(a) {
    const options = bootOptions(a) ?? {};
    const files = a.get(downloadedFiles);
    const place = (path: string) => join(a.get(installerFolder) ?? '', join('/', path));
    const preseed = files?.get('preseed')?.file;
    if (preseed !== undefined) setTftpFile(a, 'preseed', relative(tftpRoot(a.job), preseed));
    const url = preseed === undefined ? '' : `preseed/url=tftp://${a.job.dispatcherIp}/${relative(tftpRoot(a.job), preseed)}`;
    const console = asText(options['console']);
    const disk = a.get(emptyDisk) ?? '';
    const append = [debian.base, 'console=tty0 console=tty1', debian.locale, `console=${console}`, debian.keymaps, debian.network, url, '---', `console=${console}`].join(' ');
    const pull = Object.fromEntries(pulled(a));
    a.set(installation, {
      disk,
      words: [
        '-drive', `format=raw,file=${disk}`, '-boot', asText(options['boot_order']),
        ...(pull['kernel'] === undefined ? [] : ['-kernel', place(pull['kernel'])]), ...(pull['initrd'] === undefined ? [] : ['-initrd', place(pull['initrd'])]), '-append', append,
      ],
    });
  },
};

const bootOptions = (a: Action) => mappingAt(a.job.device, 'actions', 'boot', 'methods', 'qemu', 'parameters', 'boot_options');
