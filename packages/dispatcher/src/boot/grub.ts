import { asText } from '../text/as-text.ts';
import { connectDevice } from '../connections/connect-device.ts';
import { isMapping, mappingAt, pythonRepr } from '@lava/job';
import type { ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { powerOff } from '../power/power-off.ts';
import { resetDevice } from '../power/reset-device.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { bootloaderCommands } from './bootloader-commands.ts';
import { bootloaderFromMedia } from './bootloader-from-media.ts';
import { bootloaderInterrupt } from '../connections/bootloader-interrupt.ts';
import { bootloaderOverlay } from './bootloader-overlay.ts';
import { expectShellConnection } from './expect-shell-connection.ts';
import { exportDeviceEnv } from './export-device-env.ts';
import { installerWait } from './installer-wait.ts';
import { menuInterrupt } from './menu-interrupt.ts';
import { menuSelector } from './menu-selector.ts';
import { promptList } from '../text/prompts.ts';
import { bootTail } from './tail.ts';

const isGrub = (parameters: Parameters) => ['grub', 'grub-efi'].includes(asText(parameters['method']));
const grubOf = (job: JobContext) => mappingAt(job.device, 'actions', 'boot', 'methods', 'grub');

/** GRUB, from the disk or the network, on its own or chosen in the menu of an EFI firmware (`grub-efi`). */
export const grub: Method = {
  name: 'grub',
  accepts(job, parameters) {
    if (!isGrub(parameters)) return '"method" was not "grub" or "grub-efi"';
    if (grubOf(job)?.['sequence'] !== undefined && !deviceHasMethod(job.device, 'boot', 'grub-efi')) return '"sequence" was in "grub" parameters';
    if (deviceHasMethod(job.device, 'boot', 'grub') || deviceHasMethod(job.device, 'boot', 'grub-efi')) return true;
    return '"grub" or "grub-efi" was not in the device configuration boot methods';
  },
  build(job, parameters) {
    const efi = parameters['method'] === 'grub-efi';
    const own = efi ? 'grub-efi' : 'grub';
    const method = deviceHasMethod(job.device, 'boot', own) ? own : efi ? 'grub' : 'grub-efi';
    const keeps = parameters['reset'] === false || (efi && mappingAt(job.device, 'actions', 'boot', 'methods', 'grub-efi')?.['reset_device'] === false);
    return {
      name: 'grub-main-action',
      summary: 'run grub boot from power to system',
      description: 'main grub boot action',
      retry: true,
      children: [
        bootloaderFromMedia, bootloaderOverlay(method), connectDevice,
        ...(keeps ? [] : [resetDevice(job)]),
        ...(efi ? [menuInterrupt('uefi-menu', 'uefi-menu-interrupt'), grubMenuSelector(job)] : []),
        bootloaderInterrupt(method), bootloaderCommands(method),
        ...grubTail(job, parameters),
      ],
    };
  },
};

/** What the menu of the firmware offers for GRUB: the entries that the device names. */
function grubMenuSelector(job: JobContext): ActionSpec {
  const settings = mappingAt(job.device, 'actions', 'boot', 'methods', 'grub-efi') ?? {};
  return menuSelector({
    name: 'grub-efi-menu-selector', summary: 'select grub options in the efi menu', method: 'uefi-menu',
    stanza: (a) => {
      if (settings['menu_options'] === undefined) a.error('Missing entry for menu item to use for grub-efi');
      return asText(settings['menu_options'] ?? '');
    },
    bootMessage: false,
  });
}

/** An installer has no shell: it is waited for, and the machine switched off. */
function grubTail(job: JobContext, parameters: Parameters): ActionSpec[] {
  if (parameters['prompts'] !== undefined) return bootTail(job, parameters);
  return parameters['boot_finished'] === undefined ? [] : [installerWait, powerOff];
}

const steps: Readonly<Record<string, () => ActionSpec>> = {
  'auto-login': autoLoginAction,
  'shell-session': () => expectShellConnection,
  'export-env': () => exportDeviceEnv,
};

/** Devices whose GRUB needs no typing: `sequence` of the device says what happens. */
export const grubSequence: Method = {
  name: 'grub-sequence',
  accepts(job, parameters) {
    if (!isGrub(parameters)) return '"method" was not "grub" or "grub-efi"';
    if (!deviceHasMethod(job.device, 'boot', 'grub')) return '"grub" was not in the device configuration boot methods';
    if (deviceHasMethod(job.device, 'boot', 'grub-efi')) return '"grub-efi" was in the device configuration boot methods';
    return isMapping(grubOf(job)) && grubOf(job)?.['sequence'] !== undefined ? true : '"sequence" not in device configuration boot methods';
  },
  build(job, parameters) {
    const sequence = promptList(grubOf(job)?.['sequence']);
    return {
      name: 'grub-sequence-action',
      summary: 'run grub boot using specified sequence of actions',
      description: 'grub boot sequence',
      retry: true,
      children: [...sequence.flatMap((step) => steps[step]?.() ?? []), ...grubTail(job, parameters)],
      validate(a) {
        for (const step of sequence) if (!Object.hasOwn(steps, step)) a.error(`Unknown boot sequence ${pythonRepr(step)}`);
      },
    };
  },
};
