import type { ActionSpec } from '../pipeline/action.ts';
import { deviceCommand, runCommands } from './device-command.ts';

function commandAction(name: string, key: string, summary: string): ActionSpec {
  return {
    name, summary, timeoutError: 'Infrastructure',
    async run(a) {
      const commands = deviceCommand(a.job.device, key);
      if (commands) await runCommands(a, commands, (command) => `'${command}' failed`);
      else a.log.warning(`No ${key} for this device`);
    },
  };
}

/** What the lab does before a board gets power, e.g. switching a relay. */
export const prePowerCommand = commandAction('pre-power-command', 'pre_power_command', 'send pre power command');
/** What the lab does before the operating system boots. */
export const preOsCommand = commandAction('pre-os-command', 'pre_os_command', 'send pre os command');
