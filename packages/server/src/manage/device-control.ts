import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { mappingAt } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { CommandError, visit } from './visit.ts';

const keys = { on: 'power_on', off: 'power_off', reset: 'hard_reset', connect: 'connections' } as const;

/** `devices control`: the device's own commands, run on this machine; it has to reach them as its worker does. */
export function deviceControl(devices: Command): void {
  devices.command('control <hostname> <action>').description('on, off, reset or connect: run the command of the device for it, on this machine').option('-n, --dry-run', 'only print it')
    .action((hostname: string, action: string, options: { dryRun?: boolean }, command: Command) => visit(command, async (v) => {
      if (!Object.hasOwn(keys, action)) throw new CommandError(`'${action}' is nothing to do: use ${Object.keys(keys).join(', ')}`);
      const device = await v.db.selectFrom('devices').select('hostname').where('hostname', '=', hostname).executeTakeFirst();
      if (!device) throw new CommandError(`Device '${hostname}' does not exist`);
      for (const line of commandsOf(loadYaml(await v.devices.render(hostname)), action as keyof typeof keys)) {
        v.print(line);
        if (options.dryRun) continue;
        const [status, signal] = await once(spawn(line, { shell: true, stdio: 'inherit' }), 'exit') as [number | null, string | null];
        if (status !== 0) throw new CommandError(`It ended with ${signal ?? `status ${status}`}`);
      }
    }));
}

/** Command lines of a device configuration. Several are run one after the other. */
function commandsOf(device: unknown, action: keyof typeof keys): readonly string[] {
  const commands = mappingAt(device, 'commands') ?? {};
  const [first] = Object.values(mappingAt(commands, 'connections') ?? {});
  const found = action === 'connect' ? commands['connect'] ?? mappingAt(first)?.['connect'] : commands[keys[action]];
  const lines = (Array.isArray(found) ? found : [found]).filter((line): line is string => typeof line === 'string' && line !== '');
  if (lines.length === 0) throw new CommandError(`The device has no command for it (${action === 'connect' ? 'connection_command' : `${keys[action]}_command`})`);
  return lines;
}
