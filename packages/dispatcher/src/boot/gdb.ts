import { LavaError, sleep } from '@lava/base';
import { mappingAt, type Mapping } from '@lava/job';
import { connectDevice } from '../connections/connect-device.ts';
import type { Console } from '../console/console.ts';
import { connectProcess } from '../connections/process-connection.ts';
import { which } from '../process/which.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { fillFiles, imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec, Method } from '../pipeline/action.ts';
import { deviceCommand } from '../power/device-command.ts';
import { resetDevice } from '../power/reset-device.ts';
import { dirname } from 'node:path';
import { byMethod } from './by-method.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { promptList } from '../text/prompts.ts';

/** A program that gdb loads into a board and starts. */
export const gdb: Method = {
  name: 'gdb',
  accepts(job, parameters) {
    const meant = byMethod('gdb')(job, parameters);
    if (meant !== true) return meant;
    const name = asText(parameters['commands'] ?? '');
    return mappingAt(job.device, 'actions', 'boot', 'methods', 'gdb', name) !== undefined || `Commands '${name}' not found in device configuration gdb boot method`;
  },
  build: (job) => ({
    name: 'boot-gdb',
    summary: 'boot gdb',
    description: 'boot with gdb, with retry',
    retry: true,
    children: [{
      name: 'boot-gdb-retry', summary: 'boot gdb with retry', description: 'load a program with gdb and start it',
      children: [connectDevice, ...(deviceCommand(job.device, 'hard_reset') ? [resetDevice(job)] : []), runGdb()],
    }],
  }),
};

/** What gdb says when it takes a command. */
const prompt = String.raw`\(gdb\) `;

function stanzaOf(a: Action): Mapping {
  return mappingAt(a.job.device, 'actions', 'boot', 'methods', 'gdb', asText(a.parameters['commands'])) ?? {};
}

function runGdb(): ActionSpec {
  let debuggerOf: Console | undefined;
  return {
    name: 'run-gdb',
    summary: 'run gdb',
    description: 'run gdb',
    timeoutError: 'Infrastructure',
    validate(a) {
      const { commands, arguments: words } = stanzaOf(a);
      if (!Array.isArray(commands)) a.error("'commands' of gdb in the device configuration should be a list of what is typed at its prompt");
      if (words !== undefined && !Array.isArray(words)) a.error("'arguments' of gdb in the device configuration should be a list");
      which(mappingAt(stanzaOf(a), 'docker')?.['use'] === true ? 'docker' : asText(methodParameters(a, 'gdb')['command'] ?? 'gdb'), 'Install the Debian package gdb-multiarch on the worker.');
    },
    async run(a) {
      const files = imageFiles(a);
      const fill = (text: string) => fillFiles(text, files, true);
      const { commands, arguments: words } = stanzaOf(a);
      const argv = [...container(a), asText(methodParameters(a, 'gdb')['command'] ?? 'gdb'), ...promptList(words).map(fill)];
      a.log.info(`Starting ${argv.join(' ')}`);
      const console = await connectProcess(a, argv, { tags: ['gdb'], terminal: true });
      debuggerOf = console;
      const answer = () => console.expect([prompt], { timeoutMs: a.remainingMs(), signal: a.signal });
      await answer();
      for (const command of promptList(commands)) {
        await console.sendLine(fill(command));
        await answer();
      }
      const seconds = Number(methodParameters(a, 'gdb')['wait_before_continue'] ?? 0);
      if (seconds > 0) {
        a.log.debug(`Waiting ${seconds} seconds before the program goes on`);
        await sleep(seconds * 1000, a.signal);
      }
      await console.sendLine('continue');
    },
    async cleanup() {
      const console = debuggerOf;
      debuggerOf = undefined;
      if (!console) return;
      try {
        // A running program keeps gdb from listening.
        await console.send('\u0003');
        await console.expect([prompt], { timeoutMs: 2000 });
        await console.sendLine('set confirm no');
        await console.expect([prompt], { timeoutMs: 2000 });
        await console.sendLine('quit');
      } catch (error) {
        if (!(error instanceof LavaError)) throw error;
      } finally {
        await console.close();
      }
    },
  };
}

/** The words before gdb's own where it runs in a container. */
function container(a: Action): string[] {
  const docker = mappingAt(stanzaOf(a), 'docker');
  if (docker?.['use'] !== true) return [];
  const image = asText(a.parameters['container'] ?? docker['container']);
  const folders = new Set([...(a.get(downloadedFiles)?.values() ?? [])].map(({ file }) => dirname(file)));
  return [
    'docker', 'run', '--rm', '-it', '--name', `lava-${a.job.id}-${a.level}`, ...[...folders].flatMap((folder) => ['--volume', `${folder}:${folder}`]),
    ...promptList(docker['devices']).flatMap((device) => ['--device', `${device}:${device}:rw`]), image,
  ];
}
