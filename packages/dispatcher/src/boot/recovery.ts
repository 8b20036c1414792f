import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { ActionSpec, Method } from '../pipeline/action.ts';
import { commandList, runCommands } from '../power/device-command.ts';
import { powerOff } from '../power/power-off.ts';
import { powerOn } from '../power/power-on.ts';
import { byMethod } from './by-method.ts';

/** Switches a board into the mode in which its firmware can be written, or out of it. */
export const recovery: Method = {
  name: 'recovery',
  accepts: byMethod('recovery', { anyDevice: true }),
  build: (_job, parameters) => ({
    name: 'recovery-boot',
    summary: 'boot into recovery mode',
    description: 'handle entering and leaving recovery mode',
    children: [powerOff, switchRecovery(parameters['commands'] === 'exit' ? 'recovery_exit' : 'recovery_mode'), powerOn],
  }),
};

function switchRecovery(key: 'recovery_mode' | 'recovery_exit'): ActionSpec {
  const commands = (device: Readonly<Record<string, unknown>>) => commandList(mappingAt(device, 'actions', 'deploy', 'methods', 'recovery', 'commands')?.[key], `recovery.commands.${key}`);
  return {
    name: 'switch-recovery',
    summary: 'execute commands to switch device into/out of recovery mode',
    description: 'execute commands to switch device into/out of recovery mode',
    timeoutError: 'Infrastructure',
    validate(a) {
      if (!['recovery', 'exit'].includes(asText(a.parameters['commands']))) a.error("'commands' of the boot method recovery must be 'recovery' or 'exit'");
      if (!commands(a.job.device)) a.error(`Missing recovery command '${key}' in the device configuration, below 'actions.deploy.methods.recovery.commands'`);
    },
    run: (a) => runCommands(a, commands(a.job.device) ?? [], (command) => `Unable to switch recovery mode: '${command}' failed`),
  };
}
