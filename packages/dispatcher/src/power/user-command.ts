import { ConfigurationError } from '@lava/base';
import { isMapping, mappingAt, pythonRepr } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { shellSplit } from '../text/shell-split.ts';
import { stopServices } from '../containers/services.ts';
import type { Action, ActionSpec, Parameters } from '../pipeline/action.ts';
import { commandList, deviceCommand, runCommands } from './device-command.ts';

const builtIn = ['pre_power_command', 'pre_os_command', 'hard_reset', 'power_on', 'power_off', 'recovery_mode', 'recovery_exit'];
/** Ends what test blocks started with `services`. */
const stopAll = 'stop_test_services';

/** A `command` block: a command of the device by its name, or one that the lab's admin declared for users. */
export function userCommand(parameters: Parameters): ActionSpec {
  const name = asText(parameters['name']);
  let done = false;
  return {
    name: 'user-command',
    summary: 'execute one of the commands listed by the admin',
    timeoutError: 'Infrastructure',
    validate(a) {
      if (name === stopAll) return;
      if (builtIn.includes(name)) {
        if (!deviceCommand(a.job.device, name)) a.error(`Command '${name}' not defined for this device`);
        return;
      }
      const users = mappingAt(a.job.device, 'commands', 'users');
      if (!users) a.error('Device has no configured user commands');
      else if (!Object.hasOwn(users, name)) a.error(`Unknown user command '${name}'`);
      else userCommands(a, name);
    },
    async run(a) {
      a.log.debug(`Running user command '${name}'`);
      if (name === stopAll) return stopServices(a);
      done = true;
      const commands = builtIn.includes(name) ? deviceCommand(a.job.device, name) : userCommands(a, name).do;
      await runCommands(a, commands ?? [], unableToRun);
    },
    async cleanup(a) {
      if (!done || builtIn.includes(name)) return;
      const { undo } = userCommands(a, name);
      if (!undo) return;
      done = false;
      a.log.debug(`Running cleanup for user command '${name}'`);
      await runCommands(a, undo, unableToRun);
    },
  };
}

const unableToRun = (command: string) => `Unable to run: ${pythonRepr(shellSplit(command))}`;

function userCommands(a: Action, name: string): { do: string[]; undo?: string[] } {
  const entry = mappingAt(a.job.device, 'commands', 'users')?.[name];
  const commands = isMapping(entry) ? commandList(entry['do'], `commands.users.${name}.do`) : undefined;
  if (!isMapping(entry) || !commands) throw new ConfigurationError(`User command '${name}' is invalid: 'do' should be a string or a list`, { code: 'user-command' });
  if (entry['undo'] === undefined) return { do: commands };
  const undo = commandList(entry['undo'], `commands.users.${name}.undo`);
  if (!undo) throw new ConfigurationError(`User command '${name}' is invalid: 'undo' should be a string or a list`, { code: 'user-command' });
  return { do: commands, undo };
}
