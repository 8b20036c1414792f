import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { askProgram, type Call } from './program-output.ts';
import { ProgramSource } from './program-source.ts';
import type { Unavailable } from './source.ts';

/**
 * A file of a storage that rclone knows: `rclone://REMOTE/PATH`. The remote is described by the job's secret `rclone_env`
 * (variables), else by its secret `rclone_config` (text), else by the file that `rclone_config` of dispatcher.yaml names,
 * else by what the worker's user has.
 */
export class RcloneSource extends ProgramSource {
  override readonly action = 'rclone-download';
  protected override readonly hint = "Try 'rclone size' of the same remote and path as the user that the worker runs as.";
  readonly #job: JobContext;
  readonly #file: string;

  /** @throws JobError for an address that names no remote or no file */
  constructor(url: string, job: JobContext) {
    super(url);
    // No remote that is made up in its name, and no option.
    const { remote, path } = /^rclone:\/\/(?<remote>\w[\w.+@-]*)\/(?<path>.+)$/i.exec(url)?.groups ?? {};
    if (remote === undefined || path === undefined) throw new JobError(`'${url}' names no file of a remote`, { code: 'download-url', hint: 'Write rclone://remote/path/of/file, with a remote of the configuration of rclone.' });
    this.#job = job;
    this.#file = `${remote}:${path}`;
  }

  protected override reading(signal: AbortSignal) {
    return this.#call(['cat', this.#file], signal);
  }

  protected override async size(signal: AbortSignal): Promise<{ bytes: number | undefined } | { problem: Unavailable }> {
    const said = await askProgram(await this.#call(['size', '--json', this.#file], signal));
    if ('problem' in said) return said;
    const { count, bytes } = JSON.parse(said.answer) as { count?: number; bytes?: number };
    if (count !== 1) return { problem: { text: `Resource unavailable at '${this.url}': there are ${count ?? 0} files of that name`, code: 'download-404' } };
    return { bytes: bytes === undefined || bytes < 0 ? undefined : bytes };
  }

  async #call(words: readonly string[], signal: AbortSignal): Promise<Call> {
    const { dispatcher, definition, environment, scratch } = this.#job;
    const secrets = mappingAt(definition, 'secrets') ?? {};
    const variables = secrets['rclone_env'];
    const program = asText(dispatcher['rclone_path'] ?? 'rclone');
    const call = (options: readonly string[], more: Readonly<Record<string, string>> = {}) => (
      { argv: [program, ...words, ...options], environment: { ...environment, ...more }, url: this.url, signal, hint: this.hint });
    if (isMapping(variables)) return call([], remoteVariables(variables));
    if (secrets['rclone_config'] !== undefined) {
      const file = join(scratch, `rclone-${randomUUID()}.conf`);
      await mkdir(scratch, { recursive: true });
      await writeFile(file, asText(secrets['rclone_config']), { mode: 0o600 });
      return call(['--config', file]);
    }
    return call(dispatcher['rclone_config'] === undefined ? [] : ['--config', asText(dispatcher['rclone_config'])]);
  }
}

/** Variables that describe a remote. A job may say no others: some make the worker run a program. @throws JobError */
function remoteVariables(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const refused = Object.keys(variables).filter((name) => !/^(RCLONE|AWS|AZURE|GOOGLE)_\w+$/.test(name) || /COMMAND|PLUGIN/.test(name));
  if (refused.length > 0) throw new JobError(`The secret 'rclone_env' may not set ${refused.join(', ')}`, { code: 'rclone-variables', hint: 'Describe the remote with RCLONE_CONFIG_REMOTE_TYPE and the like, or with variables of AWS_, AZURE_ or GOOGLE_.' });
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, asText(value)]));
}
