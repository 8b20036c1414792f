import { InfrastructureError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { atBootloaderPrompt } from '../connections/bootloader-interrupt.ts';
import { bootloaderCommandList } from './bootloader-overlay.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';

/** Seconds for a whole list of commands, where neither job nor device says otherwise. */
const defaultTimeout = 90;

interface CommandsOptions {
  /** False where nothing is known to be printed after the last command, as when a test goes on at the prompt. */
  readonly expectFinal?: boolean;
  readonly lineEnd?: string;
}

/** `bootloader-commands`: types the commands, one at each prompt, until the bootloader says that it starts the kernel. */
export function bootloaderCommands(method: string, options: CommandsOptions = {}): ActionSpec {
  return {
    name: 'bootloader-commands',
    summary: 'interactive bootloader',
    description: 'send commands to bootloader',
    timeoutError: 'Infrastructure',
    defaultTimeout,
    run: (a) => typeCommands(a, method, a.get(bootloaderCommandList) ?? [], options),
  };
}

/** `bootloader-commands-altbank`: has a board with two copies of U-Boot start the other one. */
export function bootloaderCommandsAltbank(method: string): ActionSpec {
  return {
    name: 'bootloader-commands-altbank',
    summary: 'interactive bootloader altbank',
    description: 'send commands to bootloader altbank',
    timeoutError: 'Infrastructure',
    defaultTimeout,
    run: (a) => typeCommands(a, method, [asText(methodParameters(a, method)['uboot_altbank_cmd'] ?? 'reset')], { expectFinal: false }),
  };
}

async function typeCommands(a: Action, method: string, commands: readonly string[], { expectFinal = true, lineEnd = '\n' }: CommandsOptions): Promise<void> {
  const connection = a.needConnection();
  connection.lineEnd = lineEnd;
  const prompt = asText(methodParameters(a, method)['bootloader_prompt']);
  const wait = async (first: string) => {
    connection.prompts = [first, ...errors];
    const match = await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    if (match.index === 0) return;
    throw new InfrastructureError(`matched a bootloader error message: '${connection.prompts[match.index] ?? ''}' (${match.index})`, { code: 'bootloader-error' });
  };
  const constants = mappingAt(a.job.device, 'constants', method);
  let errors: readonly string[] = [];
  connection.prompts = [prompt];
  if (!a.get(atBootloaderPrompt)) await wait(prompt);
  a.set(atBootloaderPrompt, false);
  const known = constants?.['error-messages'];
  if (Array.isArray(known)) errors = known.map(asText);
  const final = mappingAt(a.parameters, 'parameters')?.['bootloader-final-message'] ?? constants?.['final-message'];
  for (const [i, line] of commands.entries()) {
    await connection.sendLine(line, { delayMs: characterDelay(a) });
    if (i + 1 < commands.length) await wait(prompt);
    else if (final && expectFinal) await wait(asText(final));
  }
}
