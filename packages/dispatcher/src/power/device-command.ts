import { ConfigurationError, InfrastructureError, LavaError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { shellSplit } from '../text/shell-split.ts';
import type { Action } from '../pipeline/action.ts';

/** Commands as a device configuration or a user writes them: a text or a list of texts. Undefined when nothing is given. */
export function commandList(value: unknown, where: string): string[] | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) return undefined;
  if (!list.every((c) => typeof c === 'string' && c.trim() !== '')) {
    throw new ConfigurationError(`${where} must be a command or a list of commands`, { code: 'command-shape' });
  }
  return list as string[];
}

/** A command of the device's `commands`, e.g. `hard_reset`; undefined if it has none. */
export function deviceCommand(device: Readonly<Record<string, unknown>>, name: string): string[] | undefined {
  return commandList(mappingAt(device, 'commands')?.[name], `commands.${name}`);
}

/** Runs commands on the worker one after the other. @throws InfrastructureError with `message` and the command that failed */
export async function runCommands(a: Action, commands: readonly string[], message: (command: string) => string): Promise<void> {
  for (const command of commands) {
    try {
      await a.exec(shellSplit(command), { error: 'Infrastructure', errorMessage: message(command) });
    } catch (error) {
      if (error instanceof LavaError && error.code !== 'command-failed') throw error;
      throw new InfrastructureError(message(command), { code: 'power-failed', hint: 'The lines above show what the command printed. It is set in the device dictionary, and runs on the worker without a shell.', cause: error });
    }
  }
}
