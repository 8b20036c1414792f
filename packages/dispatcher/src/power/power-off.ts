import type { ActionSpec } from '../pipeline/action.ts';
import { deviceCommand, runCommands } from './device-command.ts';

/** Switches the device off; one without a `power_off` command stays as it is. */
export const powerOff: ActionSpec = {
  name: 'power-off',
  summary: 'send power_off command',
  description: 'discontinue power to device',
  timeoutError: 'Infrastructure',
  async run(a) {
    const commands = deviceCommand(a.job.device, 'power_off');
    if (commands) await runCommands(a, commands, (command) => `Unable to power-off: '${command}' failed`);
    a.results['status'] = 'success';
  },
};
