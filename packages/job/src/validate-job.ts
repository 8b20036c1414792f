import { YamlError, loadYamlWithPositions, type Located } from '@lava/yaml';
import { isMapping, mappingAt, type Mapping } from './mapping.ts';
import type { Path } from './problem.ts';
import type { CheckOptions } from './check-job.ts';
import { firstError, pythonParts, type Form } from './schema/first-error.ts';
import { publishedBlocks, publishedJob } from './schema/published.ts';
import type { Schema } from './schema/schema.ts';
import { testKind } from './schema/test/kinds.ts';
import { pythonString } from './python-text.ts';
import { timeoutSeconds } from './timeouts.ts';

/** What LAVA's published schema refuses, in its words. */
export interface Invalid {
  readonly msg: string;
  /** The place as Python prints a list: `['timeouts', 'job']`, `['actions[0]', 'deploy', 'tmpfs', 'images']`. */
  readonly path: string;
}

export interface ValidateOptions extends CheckOptions {
  /** Refuse keys that are not declared. Default: false. */
  readonly strict?: boolean;
}

/**
 * Checks a job definition against LAVA's published schema: the answer of `jobs/validate`. It differs from the check at
 * submission (`checkJob`), which takes more; LAVA's clients know both.
 * @returns the first thing that is wrong, or undefined if the definition is valid; never throws for any text
 */
export function validateJob(text: string, { strict = false, contextVariables = [], limits }: ValidateOptions = {}): Invalid | undefined {
  let located: Located;
  try {
    located = loadYamlWithPositions(text, { limits });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { msg: error.message, path: '[]' };
  }
  const { value } = located;
  const form: Form = { strict, tag: located.tag };
  const wrong = firstError(publishedJob(contextVariables), value, [], form);
  if (wrong) return invalid(wrong.reason, pythonParts(wrong.path, form));
  if (!isMapping(value)) return invalid('expected a dictionary', []);
  const blocks = blocksOf(value);
  return crossChecks(value, blocks) ?? first(blocks, (block) => checkBlock(block, form));
}

/** The first block of each action; LAVA looks at no other. */
interface Block { readonly kind: string; readonly block: Mapping; readonly path: Path; readonly index: number }

function blocksOf(job: Mapping): Block[] {
  return (Array.isArray(job['actions']) ? job['actions'] : []).map((action: unknown, index) => {
    const [kind = '', block] = (isMapping(action) ? Object.entries(action) : []).at(0) ?? [];
    return { kind, block: isMapping(block) ? block : {}, path: ['actions', index, kind], index };
  });
}

const invalid = (msg: string, parts: readonly string[]): Invalid => ({ msg, path: `[${parts.join(', ')}]` });

function first<T, R>(items: readonly T[], check: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = check(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function crossChecks(job: Mapping, blocks: readonly Block[]): Invalid | undefined {
  return longTimeouts(job, blocks) ?? multinode(job, blocks) ?? namespaces(blocks);
}

function longTimeouts(job: Mapping, blocks: readonly Block[]): Invalid | undefined {
  const timeouts = mappingAt(job, 'timeouts') ?? {};
  const limit = timeoutSeconds(timeouts['job']);
  const global = (...keys: string[]) => {
    const timeout = mappingAt(timeouts, ...keys);
    return timeout && timeoutSeconds(timeout) > limit ? invalid('Global timeout is larger than job timeout', ['timeouts', ...keys].map(pythonString)) : undefined;
  };
  const named = (group: string) => first(Object.keys(mappingAt(timeouts, group) ?? {}), (name) => global(group, name));
  return global('action') ?? named('actions') ?? global('connection') ?? named('connections') ?? first(blocks, ({ block, index }) =>
    (isMapping(block['timeout']) && timeoutSeconds(block['timeout']) > limit ? invalid('Action timeout is larger than job timeout', ["'actions'", `'${index}'`]) : undefined));
}

const isFilled = (value: unknown) => value !== undefined && value !== null && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0);

function multinode(job: Mapping, blocks: readonly Block[]): Invalid | undefined {
  const isMultinode = isFilled(mappingAt(job, 'protocols')?.['lava-multinode']);
  if (isMultinode && blocks.some(({ block }) => !Object.hasOwn(block, 'role'))) return invalid('Every action of a multinode job should have roles', []);
  if (!isMultinode) return isFilled(job['device_type']) ? undefined : invalid('"device_type" or multinode should be defined', []);
  return first(['device_type', 'environment', 'context', 'tags'], (key) => (isFilled(job[key]) ? invalid(`"${key}" should not be used with multinode`, []) : undefined));
}

function namespaces(blocks: readonly Block[]): Invalid | undefined {
  const named = blocks.filter(({ block }) => block['namespace'] !== undefined && block['namespace'] !== null);
  return named.length && named.length < blocks.length ? invalid('When using namespaces, every action should have a namespace', []) : undefined;
}

function checkBlock({ kind, block, path, index }: Block, form: Form): Invalid | undefined {
  const at = [`'actions[${index}]'`, pythonString(kind)];
  const method = methodOf(kind, block);
  if (method === undefined) return invalid('invalid action', at);
  if (typeof method !== 'string') return invalid('expected str', [...at, pythonString(kind === 'boot' ? 'method' : 'to')]);
  const name = method.replaceAll('-', '_');
  const schema = methodSchema(kind, name);
  // Commands have no methods.
  const names = kind === 'command' ? [] : name.split('.').map(pythonString);
  if (!schema) return invalid('unknown action type', ["'actions'", pythonString(kind), ...names]);
  const wrong = firstError(schema, block, path, form);
  return wrong && invalid(wrong.reason, [...at, ...names, ...pythonParts(wrong.path, form, path.length)]);
}

function methodOf(kind: string, block: Mapping): unknown {
  switch (kind) {
    case 'deploy': return Object.hasOwn(block, 'to') ? block['to'] : '';
    case 'boot': return Object.hasOwn(block, 'method') ? block['method'] : '';
    case 'test': return testKind(block);
    case 'command': return 'command';
    default: return undefined;
  }
}

/** @param name as LAVA has it in paths: with `_` for `-` */
function methodSchema(kind: string, name: string): Schema | undefined {
  const of: Readonly<Record<string, Schema>> = kind in publishedBlocks ? publishedBlocks[kind as keyof typeof publishedBlocks] : {};
  const key = Object.keys(of).find((method) => method.replaceAll('-', '_') === name);
  return key === undefined ? undefined : of[key];
}
