import { JobError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { sharedKey } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';

/** An entry of `definitions`, at its place in the job. */
export interface DefinitionEntry {
  /** Number of its test block among those of the namespace that need an overlay. */
  readonly stage: number;
  /** `<n>_<name>`: n counts the definitions of the namespace. */
  readonly runId: string;
  readonly name: string;
  readonly from: 'git' | 'inline' | 'url';
  readonly block: Mapping;
  /** The same as written, if the job tells: see `exactDefinition`. */
  readonly exact: unknown;
}

/** What a test needs to know of a definition when its run starts; filled while the overlay is made. */
export interface TestRun {
  readonly runId: string;
  readonly stage: number;
  /** `<job>_<level>`. */
  readonly uuid: string;
  /** URL, or the whole inline definition. */
  readonly repository: unknown;
  readonly path: string;
  readonly revision: string | undefined;
  readonly commit: string | undefined;
  /** `parse` of the definition. */
  readonly pattern: string | undefined;
  readonly fixup: Mapping | undefined;
  /** Format in which the whole run prints its results. */
  readonly format: string | undefined;
  /** Cases that must be reported, and whether the job itself names them. */
  readonly expected: readonly string[] | undefined;
  readonly expectedByJob: boolean;
}

/** Runs of the namespace, by their id. */
export const testRuns = sharedKey<ReadonlyMap<string, TestRun>>('test-definition');

/** A definition's name may hold these only: it becomes a folder on the device. */
const goodName = /^[\w-]+$/;

/** Test blocks of a namespace that need the overlay, in the order of the job: their place is their stage. */
function overlayTests(job: JobContext, namespace: string): { definitions: unknown; exact: unknown }[] {
  const actions = job.definition['actions'];
  if (!Array.isArray(actions)) return [];
  return actions.flatMap((action: unknown, index) => {
    const test = isMapping(action) ? action['test'] : undefined;
    if (!isMapping(test) || test['definitions'] === undefined || (test['namespace'] ?? 'common') !== namespace) return [];
    return [{ definitions: test['definitions'], exact: exactAt(job.exactDefinition, 'actions', index, 'test', 'definitions') }];
  });
}

/** A part of a value that was loaded with `exact`. */
export function exactAt(value: unknown, ...path: (string | number)[]): unknown {
  let at = value;
  for (const key of path) at = at instanceof Map ? (at.get(key) as unknown) : Array.isArray(at) ? (at[Number(key)] as unknown) : undefined;
  return at;
}

/**
 * All definitions of a namespace.
 * @throws JobError for an entry that cannot be prepared at all
 */
export function definitionsOf(job: JobContext, namespace: string): DefinitionEntry[] {
  const entries: DefinitionEntry[] = [];
  for (const [stage, { definitions, exact }] of overlayTests(job, namespace).entries()) {
    if (!Array.isArray(definitions)) throw new JobError("'definitions' should be a list", { code: 'definitions-no-list' });
    for (const [index, block] of (definitions as unknown[]).entries()) {
      if (!isMapping(block)) throw new JobError("each of 'definitions' should be a mapping with name, from and repository", { code: 'definition-no-mapping' });
      const from = block['from'];
      if (from !== 'git' && from !== 'inline' && from !== 'url') {
        throw new JobError(`No testdef_repo handler is available for the given repository type '${asText(from)}'.`, {
          code: 'definition-from', hint: "Use 'from: git', 'from: url' or 'from: inline'.",
        });
      }
      const name = asText(block['name'] ?? '');
      entries.push({ stage, runId: `${entries.length}_${name}`, name, from, block, exact: exactAt(exact, index) });
    }
  }
  return entries;
}

const skippable = ['keys', 'sources', 'deps', 'steps', 'git-repos'] as const;
export type InstallPart = (typeof skippable)[number];

/** Parts of `install` that an entry leaves out. */
export function skippedParts(block: Mapping): ReadonlySet<InstallPart> {
  const wanted = Array.isArray(block['skip_install']) ? block['skip_install'] : [];
  return new Set(wanted.includes('all') ? skippable : skippable.filter((part) => wanted.includes(part)));
}

/** What is wrong with the definitions of a namespace, in LAVA's words. */
export function definitionErrors(entries: readonly DefinitionEntry[]): string[] {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const { name, block, from } of entries) {
    if (!goodName.test(name)) errors.push(`Invalid characters found in test definition name: ${name}`);
    if (seen.has(name)) errors.push('Test definition names need to be unique.');
    seen.add(name);
    const path = block['path'];
    if (typeof path !== 'string' || path === '') errors.push(`Test definition '${name}' has no 'path'.`);
    else if (path.startsWith('/') || path.split('/').includes('..')) errors.push(`Path of test definition '${name}' must stay inside its repository: '${path}'`);
    if (from === 'inline' ? !isMapping(block['repository']) : typeof block['repository'] !== 'string') {
      errors.push(`Test definition '${name}' has no 'repository' (${from === 'inline' ? 'the definition itself' : 'an URL'}).`);
    }
    const skip = block['skip_install'];
    if (skip !== undefined && !(Array.isArray(skip) && skip.every((part) => part === 'all' || skippable.some((known) => known === part)))) {
      errors.push('Unrecognised skip_install value');
    }
    const signals = block['lava-signal'];
    if (signals !== undefined && signals !== 'stdout' && signals !== 'kmsg') errors.push(`'lava-signal' of test definition '${name}' should be 'stdout' or 'kmsg'`);
  }
  return errors;
}
