import { JobError } from '@lava/base';
import { shellQuote } from '../text/shell-text.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { askProgram, type Call } from './program-output.ts';
import { ProgramSource } from './program-source.ts';
import type { Unavailable } from './source.ts';

/** A file of another machine, read over ssh with the keys and settings of the worker's user: `scp://[USER@]HOST[:PORT]/PATH`. */
export class ScpSource extends ProgramSource {
  override readonly action = 'scp-download';
  protected override readonly hint = "Try 'ssh HOST stat PATH' as the user that the worker runs as: it needs a key without a password, and the host's key among its known hosts.";
  readonly #environment: JobContext['environment'];
  readonly #login: readonly string[];
  readonly #path: string;

  /** @throws JobError for an address that names no host or no file */
  constructor(url: string, environment: JobContext['environment']) {
    super(url);
    const { user = '', host, port, path } = /^scp:\/\/(?<user>[^@/-][^@/]*@)?(?<host>\[[\da-f:.]+\]|[^:/@-][^:/@]*)(?::(?<port>\d+))?(?<path>\/.+)$/i.exec(url)?.groups ?? {};
    if (host === undefined || path === undefined) throw new JobError(`'${url}' names no file on a machine`, { code: 'download-url', hint: 'Write scp://user@host/path/of/file, with :port after the host if need be.' });
    this.#environment = environment;
    // Nobody is there to type a password.
    this.#login = ['ssh', '-o', 'BatchMode=yes', ...(port === undefined ? [] : ['-p', port]), '--', `${user}${host.replaceAll(/[[\]]/g, '')}`];
    this.#path = path;
  }

  protected override reading(signal: AbortSignal) {
    return this.#call(`cat ${shellQuote(this.#path)}`, signal);
  }

  protected override async size(signal: AbortSignal): Promise<{ bytes: number } | { problem: Unavailable }> {
    // The size of what a link leads to; other programs say more than a number when they start.
    const said = await askProgram(this.#call(`stat -L -c %s ${shellQuote(this.#path)}`, signal));
    if ('problem' in said) return said;
    const bytes = /(?:^|\n)(\d+)\s*$/.exec(said.answer)?.[1];
    return bytes === undefined ? { problem: { text: `Resource unavailable at '${this.url}': its size is unknown`, code: 'download-program' } } : { bytes: Number(bytes) };
  }

  #call(command: string, signal: AbortSignal): Call {
    return { argv: [...this.#login, command], environment: this.#environment, url: this.url, signal, hint: this.hint };
  }
}
