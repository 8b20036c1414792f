import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JobError, TestError } from '@lava/base';
import { isMapping, type LogValue, type Mapping, pythonRepr } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { asText } from '../text/as-text.ts';
import { toLogValue } from '../log/log-value.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import { Transfer, transferName } from '../fetch/transfer.ts';
import { definitionErrors, definitionsOf, exactAt, skippedParts, testRuns, type DefinitionEntry, type TestRun } from './definitions.ts';
import { DefinitionFile, pairsOf, readDefinition, textList } from './definition-file.ts';
import { gitClone } from './git.ts';
import { cloneGitRepos } from './git-repos.ts';
import { pythonText } from '../text/shell-text.ts';
import { installScript, runScript, type TestParameters } from './test-scripts.ts';
import type { JobContext } from '../pipeline/job-context.ts';

/** `test-definition`: fetches the definitions of a namespace and writes their folders into the overlay. */
export function testDefinitionSpec(job: JobContext, namespace: string, distro: string | undefined): ActionSpec {
  const prepared = definitionsOf(job, namespace).map((entry) => new PreparedDefinition(entry, distro));
  return {
    name: 'test-definition',
    summary: 'loading test definitions',
    description: 'load test definitions into the overlay',
    timeoutError: 'Infrastructure',
    children: prepared.flatMap((definition) => definition.specs()),
    validate(a) {
      for (const text of definitionErrors(prepared.map((definition) => definition.entry))) a.error(text);
    },
    async run(a) {
      for (const { entry } of prepared) if (entry.name === 'lava') throw new TestError('The "lava" test definition name is reserved.');
      a.log.info('Loading test definitions');
      a.set(testRuns, new Map());
      await a.runChildren();
      await writeRunnerFiles(a, prepared.map((definition) => definition.entry));
    },
  };
}

/** One `lava-test-runner.conf` for each stage: the folders of its definitions on the device. */
async function writeRunnerFiles(a: Action, entries: readonly DefinitionEntry[]): Promise<void> {
  a.log.info('Creating lava-test-runner.conf files');
  const onDevice = a.get(resultsFolder) ?? '';
  for (const stage of new Set(entries.map((entry) => entry.stage))) {
    const folder = join(a.get(overlayFolder) ?? '', onDevice, String(stage));
    a.log.debug(`Using lava-test-runner path: ${folder} for stage ${stage}`);
    const runs = entries.filter((entry) => entry.stage === stage);
    for (const { runId } of runs) a.log.debug(`- ${runId}`);
    await writeFile(join(folder, 'lava-test-runner.conf'), runs.map(({ runId }) => `${onDevice}/${stage}/tests/${runId}\n`).join(''));
  }
}

/** A definition on its way into the overlay: four actions work on it, one after the other. */
class PreparedDefinition {
  readonly entry: DefinitionEntry;
  readonly #distro: string | undefined;
  readonly #archive: Transfer | undefined;
  /** Filled by the first action of each deployment. */
  #file = new DefinitionFile({});
  #folder = '';
  #onDevice = '';
  #uuid = '';
  #commit: string | undefined;

  constructor(entry: DefinitionEntry, distro: string | undefined) {
    this.entry = entry;
    this.#distro = distro;
    if (entry.from === 'url') this.#archive = new Transfer({ label: entry.name, block: { ...entry.block, url: entry.block['repository'] } });
  }

  specs(): ActionSpec[] {
    const common = { timeoutError: 'Infrastructure' } as const;
    return [
      { ...common, name: `${this.entry.from}-repo-action`, summary: 'fetch a test definition', ...this.#fetchHooks() },
      { ...common, name: 'test-overlay', summary: 'applying LAVA test overlay', run: (a) => this.#writeDefinition(a) },
      { ...common, name: 'test-install-overlay', summary: 'applying LAVA test install scripts', run: (a) => this.#writeInstall(a) },
      { ...common, name: 'test-runscript-overlay', summary: 'applying LAVA test run script', run: (a) => this.#writeRun(a) },
    ];
  }

  #fetchHooks(): Pick<ActionSpec, 'validate' | 'run'> {
    const archive = this.#archive;
    return {
      ...(archive && { validate: (a: Action) => archive.validate(a) }),
      run: async (a) => {
        const { stage, runId } = this.entry;
        const root = a.get(resultsFolder) ?? '';
        a.log.debug(`Using ${root} at stage ${stage}`);
        this.#uuid = `${a.job.id}_${a.level}`;
        this.#onDevice = `${root}/${stage}/tests/${runId}`;
        this.#folder = join(a.get(overlayFolder) ?? '', this.#onDevice);
        this.#commit = undefined;
        await mkdir(dirname(this.#folder), { recursive: true });
        await this.#fetch(a);
        const parse = this.#file.parse;
        a.log.debug(`uuid=${this.#uuid} testdef=${pythonRepr(parse === undefined ? null : { testdef_pattern: parse })}`);
      },
    };
  }

  async #fetch(a: Action): Promise<void> {
    const { entry } = this;
    const { block } = entry;
    const path = asText(block['path']);
    if (entry.from === 'inline') {
      const file = join(this.#folder, path);
      await mkdir(dirname(file), { recursive: true });
      this.#file = new DefinitionFile(block['repository'] as Mapping, exactAt(entry.exact, 'repository'));
      await writeFile(file, dumpYaml(this.#file.exact));
      return;
    }
    const url = asText(block['repository']);
    a.log.info(`Fetching tests from ${url}`);
    if (this.#archive) {
      const archive = join(await a.makeFolder(), transferName(url, undefined));
      await this.#archive.run(a, archive);
      await mkdir(this.#folder, { recursive: true });
      await a.exec(['tar', '-x', '-f', archive, '-C', this.#folder, '--no-same-owner', `--strip-components=${Number(asText(block['strip-components'] ?? 0))}`], { quiet: true });
    } else {
      this.#commit = await gitClone(a, {
        url, folder: this.#folder,
        branch: optionalText(block['branch']), revision: optionalText(block['revision']),
        shallow: block['shallow'] !== false, recursive: block['recursive'] === true, history: block['history'] !== false,
      });
      Object.assign(a.results, { commit: this.#commit, repository: url, path });
    }
    a.log.debug(`Tests stored (tmp) in ${join(this.#folder, path)}`);
    this.#file = await readDefinition(this.#folder, path);
  }

  #describe(a: Action, extra: Record<string, LogValue> = {}): void {
    const { name, from, block } = this.entry;
    Object.assign(a.results, {
      uuid: this.#uuid, name, path: toLogValue(block['path']), from,
      ...(from === 'inline' ? {} : { repository: toLogValue(block['repository']) }), ...extra,
    });
  }

  async #writeDefinition(a: Action): Promise<void> {
    const { block, from, runId, stage } = this.entry;
    const file = this.#file;
    const list = (key: string) => { const value = file.metadata(key); return Array.isArray(value) && value.length > 0 ? { [key]: value } : {}; };
    await writeFile(join(this.#folder, 'testdef.yaml'), dumpYaml(file.exact));
    await writeFile(join(this.#folder, 'testdef_metadata'), dumpYaml({
      ...list('os'), ...list('devices'), ...list('environment'),
      branch_vcs: from, project_name: file.metadata('name') ?? null, ...(this.#commit !== undefined && { commit_id: this.#commit }),
    }));
    await writeFile(join(this.#folder, 'uuid'), this.#uuid);

    const expectedByJob = Array.isArray(block['expected']);
    const pattern = file.parse?.['pattern'];
    const { fixupdict: fixup, format } = file.parse ?? {};
    const run: TestRun = {
      runId, stage, uuid: this.#uuid, repository: block['repository'], path: asText(block['path']),
      revision: optionalText(block['revision']), commit: this.#commit,
      pattern: typeof pattern === 'string' ? pattern : undefined, fixup: isMapping(fixup) ? fixup : undefined,
      format: typeof format === 'string' ? format : undefined,
      expected: expectedByJob ? textList(block['expected']) : file.expected, expectedByJob,
    };
    a.set(testRuns, new Map(a.get(testRuns)).set(runId, run));
    this.#describe(a);
  }

  #parameters(a: Action): TestParameters {
    const { block, exact } = this.entry;
    const of = (key: string) => pairsOf(exactAt(exact, key) ?? block[key]);
    const job = [...of('parameters'), ...of('params')];
    for (const [name, value] of job) a.log.debug(`${name}='${pythonText(value)}'`);
    return { file: this.#file.parameters, job };
  }

  async #writeInstall(a: Action): Promise<void> {
    const { install } = this.#file;
    if (!install) {
      this.#describe(a, { 'skipped test-install-overlay': this.#uuid });
      return;
    }
    const parameters = this.#parameters(a);
    const skipped = skippedParts(this.entry.block);
    const part = (name: 'keys' | 'sources' | 'steps') => (skipped.has(name) ? [] : textList(install[name]));
    const distro = this.#distro === undefined ? [] : textList(install[`deps-${this.#distro}`]);
    if (!skipped.has('git-repos')) await cloneGitRepos(a, install['git-repos'], this.#folder, new Map([...parameters.file, ...parameters.job]));
    await writeFile(join(this.#folder, 'install.sh'), installScript({
      folder: this.#onDevice, parameters, keys: part('keys'), sources: part('sources'), steps: part('steps'),
      packages: skipped.has('deps') ? [] : [...textList(install['deps']), ...distro],
    }), { mode: 0o755 });
    this.#describe(a);
  }

  async #writeRun(a: Action): Promise<void> {
    const { block, runId } = this.entry;
    a.log.debug(`runner path: ${this.#folder} test_uuid ${this.#uuid}`);
    const filename = join(this.#folder, 'run.sh');
    const delays = a.job.device['character_delays'];
    const delay = isMapping(delays) ? Number(asText(delays['test'] ?? 0)) : 0;
    if (!Number.isFinite(delay)) throw new JobError(`the device's character_delays.test is no number of milliseconds`);
    await writeFile(filename, runScript({
      runId, folder: this.#onDevice, parameters: this.#parameters(a), steps: this.#file.steps,
      kmsg: block['lava-signal'] === 'kmsg', characterDelay: delay / 1000,
    }), { mode: 0o755 });
    // Tells the runner before it reads run.sh.
    if (block['lava-signal'] === 'kmsg') await writeFile(join(this.#folder, 'kmsg'), '');
    this.#describe(a, { filename });
  }
}

const optionalText = (value: unknown) => (value === undefined || value === null ? undefined : pythonText(value));
