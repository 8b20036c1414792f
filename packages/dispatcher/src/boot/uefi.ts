import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { Method } from '../pipeline/action.ts';
import { resetDevice } from '../power/reset-device.ts';
import { bootloaderCommands } from './bootloader-commands.ts';
import { bootloaderOverlay } from './bootloader-overlay.ts';
import { menuConnect } from './menu-connect.ts';
import { menuInterrupt } from './menu-interrupt.ts';
import { menuSelector } from './menu-selector.ts';
import { bootTail } from './tail.ts';

/** The shell of an EFI firmware, reached by a key or through its menu. */
export const uefi: Method = {
  name: 'uefi',
  accepts(job, parameters) {
    if (parameters['method'] !== 'uefi') return '"method" was not "uefi"';
    const settings = mappingAt(job.device, 'actions', 'boot', 'methods', 'uefi', 'parameters');
    if (settings && ['shell_interrupt_string', 'shell_interrupt_prompt', 'bootloader_prompt'].every((key) => key in settings)) return true;
    return 'missing or invalid parameters in the uefi device configuration boot methods';
  },
  build(job, parameters) {
    const settings = mappingAt(job.device, 'actions', 'boot', 'methods', 'uefi', 'parameters') ?? {};
    const menu = asText(parameters['shell_menu'] ?? settings['shell_menu'] ?? '');
    return {
      name: 'uefi-shell-main-action',
      summary: 'run UEFI shell to system',
      description: 'UEFI shell boot action',
      retry: true,
      children: [
        bootloaderOverlay('uefi'), menuConnect, resetDevice(job),
        ...(menu === '' ? [] : [
          menuInterrupt('uefi', 'uefi-shell-menu-interrupt'),
          menuSelector({
            name: 'uefi-shell-menu-selector', summary: 'use uefi menu to drop to shell', method: 'uefi', stanza: () => menu, bootMessage: 'menu_boot_message',
            ...(settings['menu_prompt'] !== undefined && { prompts: [asText(settings['menu_prompt'])] }),
          }),
        ]),
        menuInterrupt('uefi', 'uefi-shell-interrupt', { prompt: 'shell_interrupt_prompt', text: 'shell_interrupt_string' }),
        bootloaderCommands('uefi', { lineEnd: '\r\n' }),
        ...bootTail(job, parameters),
      ],
    };
  },
};
