import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { JobError, LavaBug } from '@lava/base';
import { mappingAt } from '@lava/job';
import { containerImage, checkDocker, prepareImage } from '../containers/image.ts';
import { containerName, deviceDockerOptions, noteContainer, removeContainer } from '../containers/run-container.ts';
import type { Console } from '../console/console.ts';
import { connectProcess } from '../connections/process-connection.ts';
import { imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { compilePattern } from '../expect/pattern.ts';
import { promptList } from '../text/prompts.ts';

/** The model that runs, and the ports of its consoles. */
interface RunningModel {
  readonly container: string;
  /** What the model itself prints, when its console is elsewhere. */
  readonly output: Console;
  readonly port: string;
  readonly feedbacks: readonly { readonly name: string; readonly port: string }[];
}
const model = sharedKey<RunningModel>('run-fvp');

const imageOf = (a: Action) => containerImage(a.parameters['docker'], 'name');
const global = (a: Action) => deviceDockerOptions(a.job.device).global;

export const checkFvpVersion: ActionSpec = {
  name: 'check-fvp-version',
  summary: 'check fvp version',
  description: 'ask the model for its version',
  timeoutError: 'Infrastructure',
  async validate(a) {
    imageOf(a);
    await checkDocker(a, global(a));
  },
  async run(a) {
    await prepareImage(a, imageOf(a), global(a));
    const { parameters } = a;
    const { stdout, stderr } = await a.exec(['docker', ...global(a), 'run', '--rm', imageOf(a).name, asText(parameters['image']), asText(parameters['version_args'] ?? '--version')], { allowFail: true });
    const pattern = asText(parameters['version_string'] ?? 'Fast Models[^\n]+');
    const version = compilePattern(pattern) && new RegExp(pattern).exec(`${stdout}${stderr}`)?.[0];
    if (!version) a.log.warning('The model does not tell its version');
    else a.results['fvp-version'] = version.trim();
  },
};

/** `{LABEL}`, `{ARTIFACT_DIR}` in an argument of the model; braces that are meant are doubled. @throws JobError for a name that there is none of */
export function fillArgument(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{\{|\}\}|\{(\w*)\}/g, (found, name: string | undefined) => {
    if (found === '{{') return '{';
    if (found === '}}') return '}';
    const value = values.get(name ?? '');
    if (value === undefined) throw new JobError(`Key '${name ?? ''}' does not exist, may need escaping`, { code: 'fvp-argument', hint: 'Braces that are not placeholders are written twice: {{ and }}.' });
    return value;
  });
}

export function runFvp(): ActionSpec {
  let container: string | undefined;
  return {
    name: 'run-fvp',
    summary: 'run fvp model',
    description: 'run the model in a container, until it has told where its consoles are',
    timeoutError: 'Infrastructure',
    validate(a) {
      if (a.parameters['console_string'] === undefined) a.error("'console_string' is not set: a regular expression for the line in which the model tells the port of its console, such as 'terminal_0: Listening for serial connection on port (?P<PORT>\\d+)'");
      else if (!/\(\?P<PORT>/.test(asText(a.parameters['console_string']))) a.error("'console_string' needs a group PORT, e.g. (?P<PORT>\\d+), for the port of the console");
      for (const feedback of promptList(a.parameters['feedbacks'])) {
        for (const group of ['PORT', 'NAME']) if (!feedback.includes(`(?P<${group}>`)) a.error(`'feedbacks' needs a group ${group}: ${feedback}`);
      }
    },
    async run(a) {
      const name = `${asText(mappingAt(a.parameters, 'docker')?.['container_name'] ?? containerName(a, 'lava-fvp'))}`;
      await noteContainer(a.job, name, global(a));
      container = name;
      const output = await connectProcess(a, await commandLine(a, name), { tags: ['fvp'], terminal: true });
      a.connection = output;
      a.set(model, { container: name, output, ...(await consoles(a, output)) });
    },
    async cleanup(a) {
      await a.get(model)?.output.close();
      if (container !== undefined) await removeContainer(a, container, global(a));
      container = undefined;
    },
  };
}

async function commandLine(a: Action, name: string): Promise<string[]> {
  const { parameters } = a;
  const inside = (file: string) => `/${name}/${basename(file)}`;
  const files = imageFiles(a);
  const values = new Map([...[...files].map(([label, { file }]): [string, string] => [label.toUpperCase(), inside(file)]), ['ARTIFACT_DIR', `/${name}`] as [string, string]]);
  const script = join(await a.makeFolder(), 'script.sh');
  const license = asText(parameters['ubl_license'] ?? mappingAt(a.job.device, 'actions', 'boot', 'methods', 'fvp', 'options')?.['ubl_license'] ?? '');
  const words = [asText(parameters['image']), ...promptList(parameters['arguments']).map((word) => fillArgument(word, values))];
  a.log.info(`Model: ${words.join(' ')}`);
  await writeFile(script, ['#!/bin/sh', ...(license === '' ? [] : [`for n in 1 2 3 4 5; do armlm activate -code '${license}' && break; sleep 1; done`]), `exec ${words.join(' ')}`, ''].join('\n'), { mode: 0o755 });
  const environment = [...(parameters['license_variable'] === undefined ? [] : [asText(parameters['license_variable'])]), ...promptList(parameters['environment'])];
  return [
    'docker', ...global(a), 'run', '--rm', '--interactive', '--tty', '--hostname', 'lava', '--name', name,
    ...[...files.values()].flatMap(({ file }) => ['--volume', `${file}:${inside(file)}`]), ...environment.flatMap((variable) => ['-e', variable]),
    ...deviceDockerOptions(a.job.device).run, '--volume', `${dirname(script)}/script.sh:/root/script.sh`, imageOf(a).name, 'sh', '/root/script.sh',
  ];
}

/** Waits until the model has told of its console and of all feedbacks, in whatever order. */
async function consoles(a: Action, output: Console): Promise<Pick<RunningModel, 'port' | 'feedbacks'>> {
  const wanted = [asText(a.parameters['console_string']), ...promptList(a.parameters['feedbacks'])];
  const found = new Map<string, Readonly<Record<string, string | undefined>>>();
  while (found.size < wanted.length) {
    const left = wanted.filter((pattern) => !found.has(pattern));
    const match = await output.expect(left, { timeoutMs: a.remainingMs(), signal: a.signal });
    found.set(left[match.index] ?? '', match.groups);
  }
  const [main = '', ...others] = wanted;
  return { port: found.get(main)?.['PORT'] ?? '', feedbacks: others.map((pattern) => ({ name: found.get(pattern)?.['NAME'] ?? '', port: found.get(pattern)?.['PORT'] ?? '' })) };
}

export const fvpSerialConnect: ActionSpec = {
  name: 'fvp-serial-connect',
  summary: 'connect to the console of the fvp',
  description: "connect to the model's console, which becomes the device's",
  timeoutError: 'Infrastructure',
  async run(a) {
    const running = a.get(model);
    if (!running) throw new LavaBug('there is no model to connect to');
    const telnet = (port: string) => ['docker', ...global(a), 'exec', '--interactive', '--tty', running.container, 'telnet', 'localhost', port];
    // Each further console is the connection of a namespace of its own: tests may use it, and the log has what it says.
    for (const { name, port } of running.feedbacks) {
      a.log.info(`Found secondary FVP port ${port}`);
      await a.addConnection(name, await connectProcess(a, telnet(port), { namespace: name, tags: ['telnet'], terminal: true }));
    }
    a.connection = await connectProcess(a, telnet(running.port), { tags: ['telnet'], terminal: true });
  },
};
