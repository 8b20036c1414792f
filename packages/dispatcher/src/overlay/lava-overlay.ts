import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { asText } from '../text/as-text.ts';
import { deploymentData } from '../pipeline/deployment-data.ts';
import { overlayArchive, overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import type { Action, ActionSpec, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { environmentFile, environmentParts, moreEnvironment, secretsFile } from './environment.ts';
import { helperScripts } from './helper-scripts.ts';
import { multinodeOverlay } from './multinode-overlay.ts';
import { hasSsh, sshAuthorize } from './ssh-authorize.ts';
import { testDefinitionSpec } from './test-definition.ts';

/** Do the tests of a deploy block's namespace need the overlay on the device? */
export function needsOverlay(job: JobContext, parameters: Parameters): boolean {
  return job.tests.get(asText(parameters['namespace'] ?? 'common'))?.overlay === true;
}

interface OverlayOptions {
  /** `lava-create-overlay` where a block makes its own; default `lava-overlay`. */
  readonly name?: string;
  /** False for a container, which sees the folder itself. */
  readonly compress?: boolean;
}

/** `lava-overlay`: the folder that goes onto the device, with helper scripts, environment, and the tests of the namespace. */
export function lavaOverlaySpec(job: JobContext, parameters: Parameters, { name = 'lava-overlay', compress = true }: OverlayOptions = {}): ActionSpec {
  const namespace = asText(parameters['namespace'] ?? 'common');
  const needs = job.tests.get(namespace);
  const distro = needs?.deploymentData ? deploymentData(parameters['os'])?.distro : undefined;
  return {
    name,
    summary: 'overlay the lava support scripts',
    description: 'add lava scripts during deployment for test shell use',
    timeoutError: 'Infrastructure',
    children: [
      ...(hasSsh(job) ? [sshAuthorize] : []),
      multinodeOverlay,
      testDefinitionSpec(job, namespace, distro),
      ...(compress ? [compressOverlay] : []),
    ],
    validate: (a) => { resultsPath(a); },
    async run(a) {
      await createOverlay(a, distro);
      await a.runChildren();
    },
  };
}

/** Where the overlay lies on the device. @throws JobError when the constant has no `%s` */
function resultsPath(a: Action): string {
  const template = asText(a.constant('lava_test_results_dir', 'posix'));
  if (!template.includes('%s')) throw new JobError("Invalid lava_test_results_dir, should include '%s'", { code: 'results-dir' });
  return template.replace('%s', a.job.id);
}

async function createOverlay(a: Action, distro: string | undefined): Promise<void> {
  const { log, job, namespace } = a;
  const folder = await a.makeFolder();
  const onDevice = resultsPath(a);
  const root = join(folder, onDevice);
  a.set(overlayFolder, folder);
  a.set(resultsFolder, onDevice);
  log.debug(`[${namespace}] Preparing overlay tarball in ${folder}`);
  for (const name of ['bin', 'tests', 'results']) {
    log.debug(`makedir: ${join(root, name)}`);
    await mkdir(join(root, name), { recursive: true, mode: 0o755 });
  }
  const texts = new Map<string, string>();
  for (const script of await helperScripts(asText(a.constant('lava_test_sh_cmd', 'posix')), distro, job.device)) {
    const path = join(root, 'bin', script.name);
    log.debug(script.distro === undefined ? `Creating ${path}` : `Updating ${path} (${script.distro})`);
    texts.set(path, script.text);
  }
  await Promise.all([...texts].map(([path, text]) => writeFile(path, text, { mode: 0o755 })));
  log.debug(`Creating ${join(root, 'environment')}`);
  const parts = environmentParts(job, a.get(moreEnvironment));
  for (const { heading, variables } of parts) {
    log.debug(heading);
    for (const [name, word] of variables) log.debug(`- ${name}=${word}`);
  }
  await writeFile(join(root, 'environment'), environmentFile(parts));
  const secrets = secretsFile(job);
  if (secrets !== undefined) {
    log.debug(`Creating ${join(root, 'secrets')}`);
    await writeFile(join(root, 'secrets'), secrets);
  }
}

/** The overlay as an archive, for whatever brings it to the device. */
const compressOverlay: ActionSpec = {
  name: 'compress-overlay',
  summary: 'Compress the lava overlay files',
  description: 'Create a lava overlay tarball and store alongside the job',
  timeoutError: 'Infrastructure',
  async run(a) {
    const archive = join(await a.makeFolder(), `overlay-${a.level}.tar.gz`);
    const folder = a.get(overlayFolder) ?? '';
    const rootFiles = existsSync(join(folder, 'root')) ? ['./root'] : [];
    await a.exec(['tar', '-c', '-z', '-f', archive, '-C', folder, '--owner=0', '--group=0', '--numeric-owner', '--sort=name',
      (a.get(resultsFolder) ?? '').replace(/^\/+/, ''), ...rootFiles], { quiet: true, error: 'Infrastructure', errorMessage: 'Unable to create the lava overlay' });
    a.set(overlayArchive, archive);
  },
};
