import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InfrastructureError } from '@lava/base';
import type { Action } from '../pipeline/action.ts';

const tries = 6;
const pauseMs = 5000;

export interface GitClone {
  readonly url: string;
  readonly folder: string;
  readonly branch?: string | undefined;
  readonly revision?: string | undefined;
  /** Only the newest commit; a server that cannot is asked for all. */
  readonly shallow?: boolean;
  readonly recursive?: boolean;
  /** Keep `.git`. Default: true. */
  readonly history?: boolean;
}

/**
 * Clones a repository with the git program of the worker, trying again when the server fails.
 * @returns the id of the commit
 * @throws InfrastructureError when all tries failed
 */
export async function gitClone(a: Action, { url, folder, branch, revision, shallow = false, recursive = false, history = true }: GitClone): Promise<string> {
  const source = expandVariables(url, a.job.environment);
  let depth = shallow && revision === undefined;
  for (let attempt = 1; ; attempt += 1) {
    const options = [
      ...(recursive ? ['--recurse-submodules'] : []),
      ...(branch === undefined ? [] : ['-b', branch]),
      ...(depth ? ['--depth=1'] : []),
    ];
    a.log.debug(`Running '${['/usr/bin/git', 'clone', ...options, source, folder].join(' ')}'`);
    const cloned = await a.exec(['git', 'clone', ...options, '--', source, folder], { allowFail: true, quiet: true, env: { GIT_TERMINAL_PROMPT: '0' } });
    if (cloned.status === 0) break;
    await rm(folder, { recursive: true, force: true });
    if (cloned.status === 127) throw new InfrastructureError(`Unable to fetch git repository '${url}': there is no git program`, { code: 'no-git', hint: 'Install the Debian package git on the worker.' });
    for (const line of cloned.stderr.trimEnd().split('\n')) a.log.error(line);
    if (depth && /shallow/i.test(cloned.stderr)) {
      depth = false;
      continue;
    }
    if (attempt >= tries) throw new InfrastructureError(`Unable to fetch git repository '${url}'`, { code: 'git-clone' });
    await sleep(pauseMs, undefined, { signal: a.signal }).catch(() => { throw a.signal.reason; });
  }
  const git = (...args: string[]) => a.exec(['git', '-C', folder, ...args], {
    quiet: true, error: 'Infrastructure', errorMessage: `Unable to fetch test definition from git repository '${url}': git ${args.join(' ')} failed`,
  });
  if (revision !== undefined) await git('checkout', '--quiet', revision, '--');
  const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
  if (!history) {
    a.log.debug(`Removing '.git' directory in ${folder}`);
    await rm(`${folder}/.git`, { recursive: true, force: true });
  }
  return commit;
}

/** `$NAME` and `${NAME}` from the environment of the worker's programs, which has the job's secrets; unknown ones stay. */
function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{([^}]+)\}|(\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => environment[braced ?? bare ?? ''] ?? whole);
}
