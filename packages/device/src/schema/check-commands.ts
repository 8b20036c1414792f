import { isMapping, mappingAt, type Mapping, type Path } from '@lava/job';

/** What is told of a device although each of its values is allowed. */
export interface Advice {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Boot methods whose console is not a program of the lab. */
const withoutConsole = ['qemu', 'qemu-nfs', 'docker', 'fvp', 'avh', 'nodebooter', 'schroot', 'lxc'];

/** Missing commands, and commands that contradict what the device can do. */
export function checkCommands(configuration: Mapping): Advice[] {
  const found: Advice[] = [];
  const commands = mappingAt(configuration, 'commands');
  const host = mappingAt(configuration, 'actions', 'deploy', 'methods', 'ssh')?.['host'];
  if (host && commands && ['power_off', 'power_on', 'hard_reset'].some((name) => name in commands)) {
    found.push({
      severity: 'error', path: ['commands'], code: 'device-configuration', hint: 'unset ssh_host, or the power commands',
      message: 'When primary connection is used, power control commands (power_off, power_on, hard_reset) should not be specified.',
    });
  }
  const methods = Object.keys(mappingAt(configuration, 'actions', 'boot', 'methods') ?? {});
  if (methods.length === 0 || host || methods.some((method) => withoutConsole.includes(method))) return found;
  const warn = (message: string, hint: string) => found.push({ severity: 'warning', path: ['commands'], code: 'missing-command', message, hint });
  if (!commands) return [...found, missingConsole];
  const connections = commands['connections'];
  if (!('connect' in commands) && !isMapping(connections)) found.push(missingConsole);
  else if (isMapping(connections) && !Object.values(connections).some((one) => isMapping(one) && Array.isArray(one['tags']) && one['tags'].includes('primary'))) {
    warn('none of the connections is the primary one: jobs do not know which console to use', "tag one: {% set connection_tags = {'uart0': ['primary', 'telnet']} %}");
  }
  if (!('hard_reset' in commands)) warn('there is no command that resets the board: "reboot" is typed at its console, and a board that hangs stays so', 'set hard_reset_command');
  if (!('power_off' in commands)) warn('there is no command that switches the board off: it runs on when a job has ended', 'set power_off_command');
  return found;
}

const missingConsole: Advice = {
  severity: 'warning', path: ['commands'], code: 'missing-command', message: 'there is no way to the console: every job that boots the device fails', hint: "set connection_command, such as 'telnet serial1 7003'",
};
