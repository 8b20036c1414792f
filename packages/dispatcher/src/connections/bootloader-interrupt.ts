import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';

/** The bootloader's prompt is there already: nobody needs to wait for it again. */
export const atBootloaderPrompt = sharedKey<boolean>('interrupt');

/** A setting of a bootloader: the method's parameter, else the device's constant for it. */
function setting(a: Action, method: string, parameter: string, constant: string): unknown {
  const own = methodParameters(a, method)[parameter];
  return own !== undefined ? own : mappingAt(a.job.device, 'constants', method)?.[constant];
}

/** `bootloader-interrupt`: keeps the bootloader from booting by itself. */
export function bootloaderInterrupt(method: string): ActionSpec {
  return {
    name: 'bootloader-interrupt',
    summary: 'interrupt bootloader to get an interactive shell',
    description: 'interrupt bootloader',
    timeoutError: 'Infrastructure',
    validate(a) {
      const parameters = methodParameters(a, method);
      if (!parameters['bootloader_prompt']) a.error('Missing bootloader prompt for device');
      if (parameters['needs_interrupt'] !== false && setting(a, method, 'interrupt_prompt', 'interrupt-prompt') === undefined) {
        a.error(`Constant ${method}, interrupt-prompt does not exist in the device configuration`);
      }
    },
    async run(a) {
      const connection = a.needConnection();
      const parameters = methodParameters(a, method);
      a.set(atBootloaderPrompt, false);
      if (parameters['needs_interrupt'] === false) {
        a.log.info('Not interrupting bootloader, waiting for bootloader prompt');
        connection.prompts = [asText(parameters['bootloader_prompt'])];
        await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
        a.set(atBootloaderPrompt, true);
        return;
      }
      connection.prompts = [asText(setting(a, method, 'interrupt_prompt', 'interrupt-prompt'))];
      await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
      const control = setting(a, method, 'interrupt_ctrl_list', 'interrupt_ctrl_list');
      if (Array.isArray(control) && control.length > 0) {
        for (const letter of control) await connection.send(controlCharacter(asText(letter)));
        return;
      }
      const key = asText(setting(a, method, 'interrupt_char', 'interrupt-character') ?? '');
      const withNewline = mappingAt(a.job.device, 'constants', method)?.['interrupt-newline'] !== false;
      if (withNewline) await connection.sendLine(key);
      else await connection.send(key);
    },
  };
}

/** What a terminal sends for Ctrl and a letter. */
function controlCharacter(letter: string): string {
  return String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f);
}
