import { asText } from '../text/as-text.ts';
import { mappingAt } from '@lava/job';
import type { ActionSpec, Method } from '../pipeline/action.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { resetDevice } from '../power/reset-device.ts';
import { autoLoginAction } from './auto-login-action.ts';
import { exportDeviceEnv } from './export-device-env.ts';
import { menuConnect, menuReset } from './menu-connect.ts';
import { menuInterrupt } from './menu-interrupt.ts';
import { menuPlaceholders, menuSelector } from './menu-selector.ts';
import { placeholdersOf } from './placeholders.ts';

/** An EFI firmware whose boot entries are written and chosen in its menus. */
export const uefiMenu: Method = {
  name: 'uefi-menu',
  accepts(job, parameters) {
    if (parameters['method'] !== 'uefi-menu') return '"method" was not "uefi-menu"';
    if (!deviceHasMethod(job.device, 'boot', 'uefi-menu')) return '"uefi-menu" was not in the device configuration boot methods';
    const settings = mappingAt(job.device, 'actions', 'boot', 'methods', 'uefi-menu', 'parameters') ?? {};
    if ('interrupt_prompt' in settings && 'interrupt_string' in settings) return true;
    return '"interrupt_prompt" or "interrupt_string" was not in the device configuration uefi-menu boot method parameters';
  },
  build: (job, parameters) => ({
    name: 'uefi-menu-action',
    summary: 'interact with uefi menu',
    description: 'interrupt and select uefi menu items',
    retry: true,
    children: [
      uefiCommands,
      ...(asText(parameters['commands'] ?? '').includes('fastboot') ? [] : [menuConnect, resetDevice(job)]),
      menuInterrupt('uefi-menu', 'uefi-menu-interrupt'),
      menuSelector({ name: 'uefi-menu-selector', summary: 'select options in the uefi menu', method: 'uefi-menu', stanza: (a) => asText(a.parameters['commands'] ?? '') }),
      menuReset, autoLoginAction(), exportDeviceEnv,
    ],
  }),
};

const uefiCommands: ActionSpec = {
  name: 'uefi-commands',
  summary: 'substitute job values into uefi commands',
  description: 'set job-specific variables into the uefi menu commands',
  async run(a) {
    const { values } = placeholdersOf(a, 'uefi-menu');
    a.set(menuPlaceholders, new Map([...values, ['TEST_MENU_NAME', `LAVA ${asText(a.parameters['commands'] ?? '')} test image`]]));
  },
};
