import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { composeCommand, runningServices, stopService } from '../containers/services.ts';
import { noteLeftover } from '../containers/run-container.ts';
import { Transfer, transferName } from '../fetch/transfer.ts';
import { gitClone } from '../overlay/git.ts';
import { pythonText } from '../text/shell-text.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';

/** Programs in containers on the worker that later tests talk to (`docker compose`). */
export const services: Method = {
  name: 'lava-test-services',
  accepts: (_job, parameters) => (parameters['services'] === undefined ? '"services" not in parameters' : true),
  build: (_job, parameters) => ({
    name: 'lava-test-services',
    summary: 'start test services',
    description: 'start services of docker compose on the worker',
    timeoutError: 'test-shell',
    children: servicesOf(parameters).map(startService),
    validate: (a) => checkServices(a, parameters),
  }),
};

const servicesOf = (parameters: Parameters): Mapping[] => (Array.isArray(parameters['services']) ? parameters['services'].filter(isMapping) : []);
const nameOf = (service: Mapping) => asText(service['name'] ?? '');

function checkServices(a: Action, parameters: Parameters): void {
  if (mappingAt(a.job.device, 'parameters')?.['allow_test_services'] !== true) {
    a.error("Device 'allow_test_services' must be set to 'true' for running test services on LAVA worker.");
  }
  const names = servicesOf(parameters).map(nameOf);
  if (new Set(names).size < names.length) a.error('Test service names need to be unique.');
  for (const name of names) if (!/^[\w-]+$/.test(name)) a.error(`Invalid characters found in test service name '${name}'. Allowed: letters, digits, underscore and hyphen.`);
  for (const service of servicesOf(parameters)) {
    const path = asText(service['path'] ?? '');
    if (path === '' || path.startsWith('/') || path.split('/').includes('..')) a.error(`Path of test service '${nameOf(service)}' must stay inside its repository: '${path}'`);
  }
}

function startService(service: Mapping): ActionSpec {
  const name = nameOf(service);
  const archive = service['from'] === 'url' ? new Transfer({ label: name, block: { ...service, url: service['repository'] } }) : undefined;
  let project: string | undefined;
  return {
    name: 'lava-test-service',
    summary: `start test service ${name}`,
    description: 'start a service of docker compose on the worker',
    timeoutError: 'Infrastructure',
    async validate(a) {
      await composeCommand(a);
      await archive?.validate(a);
    },
    async run(a) {
      const folder = await fetchProject(a, service, archive);
      const file = join(folder, asText(service['path']));
      await addEnvironment(a, join(dirname(file), '.env'));
      project = `lava-${a.job.id}-${a.level.replaceAll('.', '-')}-test-service-${name}`;
      const compose = [...await composeCommand(a), '--project-name', project, '--file', file];
      // It is stopped even if only a part of it could be started.
      runningServices(a.job).set(project, [...compose, 'down']);
      await noteLeftover(a.job, [...compose, 'down']);
      a.results['name'] = name;
      await a.exec([...compose, 'up', '--detach', ...(service['service'] === undefined ? [] : [asText(service['service'])])], { errorMessage: `Unable to start test service '${name}'` });
    },
    async cleanup(a) {
      if (project !== undefined) await stopService(a, project);
    },
  };
}

/** The compose file and what lies beside it. @returns its folder */
async function fetchProject(a: Action, service: Mapping, archive: Transfer | undefined): Promise<string> {
  const folder = join(await a.makeFolder(), 'project');
  const url = asText(service['repository'] ?? '');
  if (archive) {
    const file = join(dirname(folder), transferName(url, undefined));
    await archive.run(a, file);
    await mkdir(folder);
    await a.exec(['tar', '-x', '-f', file, '-C', folder, '--no-same-owner', `--strip-components=${Number(asText(service['strip-components'] ?? 0))}`], { quiet: true });
    return folder;
  }
  if (service['from'] !== 'git') throw new JobError(`Test service '${nameOf(service)}' can come from 'git' or 'url', not '${asText(service['from'] ?? '')}'`, { code: 'service-from' });
  const text = (key: string) => (service[key] === undefined ? undefined : asText(service[key]));
  a.results['commit'] = await gitClone(a, {
    url, folder, branch: text('branch'), revision: text('revision'),
    shallow: service['shallow'] !== false, recursive: service['recursive'] === true, history: service['history'] !== false,
  });
  return folder;
}

/** Tells the containers the environment of device and job; that of the job wins. */
async function addEnvironment(a: Action, file: string): Promise<void> {
  const { device, definition } = a.job;
  const jobEnvironment = mappingAt(definition, 'protocols', 'lava-multinode')?.['environment'] ?? definition['environment'];
  const variables = { ...mappingAt(device, 'environment'), ...(isMapping(jobEnvironment) ? jobEnvironment : {}) };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${pythonText(value)}\n`);
  if (lines.length > 0) await appendFile(file, `\n# Added by LAVA.\n${lines.join('')}`);
}
