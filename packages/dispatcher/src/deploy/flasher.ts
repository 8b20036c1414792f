import { relative } from 'node:path';
import { isMapping, mappingAt } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { shellSplit } from '../text/shell-split.ts';
import { pythonText } from '../text/shell-text.ts';
import type { Action, Method } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { deviceEnvSpecs } from './device-env.ts';
import { Downloads } from './download.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { imagesOf, overlaySpecs } from './fetch-images.ts';
import { to } from './to.ts';

/** Images that programs of the lab write, as the device's configuration says. */
export const flasher: Method = {
  name: 'flasher',
  accepts: to('flasher', { method: 'flasher' }),
  build(job, parameters) {
    const downloads = new Downloads();
    const images = Object.entries(imagesOf(parameters));
    const place = { uniquify: parameters['uniquify'] !== false };
    const fetched = images.filter(([, block]) => !(isMapping(block) && block['download'] === false));
    return {
      name: 'deploy-flasher-retry',
      summary: 'deploy with retry',
      description: 'deploy flasher with retry',
      retry: true,
      children: [{
        name: 'deploy-flasher',
        summary: 'deploy flasher',
        description: 'deploy flasher',
        children: [...overlaySpecs(job, parameters), ...fetched.map(([label, block]) => downloads.spec(job, parameters, label, block, place)), ...deviceEnvSpecs(job, parameters)],
        validate(a) {
          downloads.check(a);
          if (!Array.isArray(commandsOf(a))) a.error("'commands' should be a list: 'actions.deploy.methods.flasher.commands' of the device configuration, a command line each");
        },
        async run(a) {
          const folder = await a.makeFolder();
          downloads.start(a, folder);
          await a.runChildren();
          const files = a.get(downloadedFiles);
          const values = new Map(images.map(([label, block]) => {
            const file = files?.get(label)?.file;
            return [label.toUpperCase(), file === undefined ? asText(isMapping(block) ? block['url'] : block) : relative(folder, file)];
          }));
          for (const [name, value] of deviceValues(a)) values.set(name, value);
          for (const command of (commandsOf(a) as unknown[]).flat().map(asText)) {
            const argv = shellSplit(command.replaceAll(/\{(\w+)\}/g, (text, name: string) => values.get(name) ?? text));
            await a.exec(argv, { cwd: folder, error: 'Infrastructure', errorMessage: 'Unable to flash the device', code: 'flash-failed' });
          }
        },
      }],
    };
  },
};

function commandsOf(a: Action): unknown {
  return mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'flasher')?.['commands'];
}

/** What commands may say of the device; names of what it does not have stay as they are. */
function deviceValues(a: Action): [string, string][] {
  const { device } = a.job;
  const commands = mappingAt(device, 'commands') ?? {};
  const powers = ['hard_reset', 'soft_reboot', 'pre_os_command', 'pre_power_command', 'power_on', 'power_off'].map((key) =>
    [`${key.replace(/_command$/, '').toUpperCase()}_COMMAND`, commands[key]] as const);
  return [
    ...powers.filter(([, value]) => value !== undefined && value !== null && value !== '').map(([name, value]): [string, string] => [name, pythonText(value)]),
    ...['device_info', 'static_info'].filter((key) => device[key] !== undefined).map((key): [string, string] => [key.toUpperCase(), dumpYaml(device[key]).trim()]),
  ];
}
