import { isMapping, mappingAt, type Mapping } from './mapping.ts';
import { jobTimeout, timeoutSeconds } from './timeouts.ts';
import type { Finding } from './schema/schema.ts';

/** What is surely not meant in a definition that the schema accepts. */
export function adviseJob(job: Mapping): Finding[] {
  const blocks = (Array.isArray(job['actions']) ? job['actions'] : []).flatMap((action: unknown, index) =>
    isMapping(action) ? Object.entries(action).filter((e): e is [string, Mapping] => isMapping(e[1])).map(([kind, block]) => ({ kind, block, path: ['actions', index, kind] as const })) : []);
  return [...longTimeouts(job, blocks), ...namespaces(blocks), ...order(blocks), ...prompts(blocks)];
}

interface Block { readonly kind: string; readonly block: Mapping; readonly path: readonly (string | number)[] }

function longTimeouts(job: Mapping, blocks: readonly Block[]): Finding[] {
  const limit = jobTimeout(job);
  const found: Finding[] = [];
  const compare = (path: readonly (string | number)[], timeout: unknown) => {
    if (isMapping(timeout) && timeoutSeconds(timeout) > limit) {
      found.push({ path, code: 'timeout-too-long', message: `this time is longer than that of the whole job (${limit} s)`, hint: 'Raise timeouts.job or lower this one.' });
    }
  };
  const timeouts = mappingAt(job, 'timeouts');
  compare(['timeouts', 'action'], timeouts?.['action']);
  compare(['timeouts', 'connection'], timeouts?.['connection']);
  for (const key of ['actions', 'connections']) for (const [name, one] of Object.entries(mappingAt(timeouts, key) ?? {})) compare(['timeouts', key, name], one);
  for (const { block, path } of blocks) compare([...path, 'timeout'], block['timeout']);
  return found;
}

function namespaces(blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  const named = blocks.some(({ block }) => typeof block['namespace'] === 'string');
  for (const { block, path, kind } of blocks) {
    const name = block['namespace'];
    if (named && name === undefined) found.push({ path, part: 'key', code: 'namespace-missing', message: `this ${kind} block has no "namespace", but others have: the job will fail when it runs`, hint: 'Give every block a namespace, or none.' });
    else if (name === 'common' || name === 'docker-test-shell') found.push({ path: [...path, 'namespace'], code: 'namespace-reserved', message: "'common' and 'docker-test-shell' are reserved namespace names: the job will fail when it runs" });
  }
  return found;
}

/** A shell test needs a deploy block (for the test's files) and a boot block (for a shell) before it. */
function order(blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  const done = { deploy: new Set<unknown>(), boot: new Set<unknown>() };
  const names = new Map<string, string>();
  for (const { kind, block, path } of blocks) {
    const namespace = block['namespace'] ?? 'common';
    if (kind === 'deploy' || kind === 'boot') done[kind].add(namespace);
    if (kind !== 'test' || !Array.isArray(block['definitions'])) continue;
    if (!done.deploy.has(namespace)) found.push({ path, part: 'key', code: 'no-deploy', message: 'no deploy block comes before this test block: the test will not reach the device' });
    if (!done.boot.has(block['connection-namespace'] ?? namespace) && !Object.hasOwn(block, 'docker')) found.push({ path, part: 'key', code: 'no-boot', message: 'no boot block comes before this test block: there will be no connection to the device' });
    for (const [i, definition] of block['definitions'].entries()) {
      const name: unknown = isMapping(definition) ? definition['name'] : undefined;
      if (typeof name !== 'string') continue;
      const id = JSON.stringify([namespace, block['role'], name]);
      if (names.has(id)) found.push({ path: [...path, 'definitions', i, 'name'], code: 'duplicate-name', message: `a test definition is called ${JSON.stringify(name.slice(0, 60))} already: the job will fail when it runs`, hint: 'Give every test definition a name of its own.' });
      names.set(id, name);
    }
  }
  return found;
}

/** A prompt that matches nothing at all ends every wait at once. */
function prompts(blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  for (const { kind, block, path } of blocks) {
    const given = block['prompts'];
    if (kind !== 'boot') continue;
    for (const [i, prompt] of (Array.isArray(given) ? given : [given]).entries()) {
      if (typeof prompt !== 'string' || !prompt || !matchesNothing(prompt)) continue;
      found.push({ path: [...path, 'prompts', ...(Array.isArray(given) ? [i] : [])], code: 'prompt-matches-all', message: `the prompt ${JSON.stringify(prompt.slice(0, 60))} matches any text, even none`, hint: 'Give the end of the prompt, such as "root@device:~# ".' });
    }
  }
  return found;
}

function matchesNothing(pattern: string): boolean {
  try {
    return new RegExp(pattern).test('');
  } catch {
    // Python's expressions are not all JavaScript's.
    return false;
  }
}
