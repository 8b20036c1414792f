import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { JobError, TestError } from '@lava/base';
import { isMapping } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import { gitClone } from './git.ts';
import { pythonText } from '../text/shell-text.ts';

/**
 * `install: git-repos:` of a definition: repositories cloned on the worker into the definition's folder.
 * Of a mapping, `url`, `branch` and `destination` may each be the name of a parameter.
 */
export async function cloneGitRepos(a: Action, repos: unknown, folder: string, parameters: ReadonlyMap<string, unknown>): Promise<void> {
  if (!Array.isArray(repos)) return;
  for (const repo of repos as unknown[]) {
    const form = typeof repo === 'string' ? { url: repo } : isMapping(repo) ? repo : {};
    const value = (key: string) => {
      const text = form[key];
      return typeof text === 'string' && text !== '' ? pythonText(parameters.get(text) ?? text) : undefined;
    };
    const url = value('url');
    if (url === undefined) throw new TestError('Invalid git-repos dictionary in install definition.', { code: 'git-repos' });
    const destination = value('destination') ?? url.replace(/\/+$/, '').split('/').at(-1)?.replace(/\.git$/, '') ?? '';
    const inside = normalize(destination);
    if (inside.startsWith('/') || inside.split('/').includes('..') || inside === '.' || inside === '') {
      throw new JobError(`Destination path is unacceptable ${destination}`, { code: 'git-repos' });
    }
    if (existsSync(join(folder, inside))) throw new TestError('Cannot mix string and url forms for the same repository.', { code: 'git-repos' });
    await gitClone(a, { url, folder: join(folder, inside), branch: value('branch') });
  }
}
