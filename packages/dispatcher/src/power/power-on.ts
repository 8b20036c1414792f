import type { ActionSpec } from '../pipeline/action.ts';
import { deviceCommand, runCommands } from './device-command.ts';

/** Gives the device power, for methods that need it on without a reset, such as recovery mode. */
export const powerOn: ActionSpec = {
  name: 'power-on',
  summary: 'send power_on command',
  description: 'supply power to device',
  timeoutError: 'Infrastructure',
  async run(a) {
    const failed = (command: string) => `Unable to power-on: '${command}' failed`;
    const commands = deviceCommand(a.job.device, 'power_on');
    if (!commands) {
      a.log.warning('Unable to power on the device');
      return;
    }
    const before = deviceCommand(a.job.device, 'pre_power_command');
    if (before) {
      a.log.info('Running pre power command');
      await runCommands(a, before, failed);
    }
    await runCommands(a, commands, failed);
    a.results['success'] = 'power-on';
  },
};
