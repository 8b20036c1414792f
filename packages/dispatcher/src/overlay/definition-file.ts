import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { JobError, messageOf } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { pythonText } from '../text/shell-text.ts';

/** A test definition as its file says it, with lenient types: whatever is not as it should be counts as absent. */
export class DefinitionFile {
  readonly #plain: Mapping;
  /** The same with mappings as Maps and floats as written (`1.0` is not `1`): for parameters and for writing it again. */
  readonly exact: unknown;

  constructor(plain: Mapping, exact: unknown = plain) {
    this.#plain = plain;
    this.exact = exact;
  }

  /** A text of `metadata`, or a list of it. */
  metadata(key: string): unknown { return isMapping(this.#plain['metadata']) ? this.#plain['metadata'][key] : undefined; }
  get install(): Mapping | undefined { return isMapping(this.#plain['install']) ? this.#plain['install'] : undefined; }
  get parse(): Mapping | undefined { return isMapping(this.#plain['parse']) ? this.#plain['parse'] : undefined; }
  get steps(): string[] { return isMapping(this.#plain['run']) ? textList(this.#plain['run']['steps']) : []; }
  get expected(): string[] | undefined { return Array.isArray(this.#plain['expected']) ? textList(this.#plain['expected']) : undefined; }

  /** `params`, then `parameters`: later ones win. */
  get parameters(): [string, unknown][] {
    const of = (key: string) => pairsOf(this.exact instanceof Map ? this.exact.get(key) : this.#plain[key]);
    return [...of('params'), ...of('parameters')];
  }
}

/** Entries of a mapping, loaded with `exact` or not. */
export function pairsOf(value: unknown): [name: string, value: unknown][] {
  if (value instanceof Map) return [...value].map(([name, item]: [unknown, unknown]) => [pythonText(name), item]);
  return isMapping(value) ? Object.entries(value) : [];
}

/** A list of texts; other scalars become text, nulls are left out. */
export function textList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined).map(pythonText) : [];
}

/**
 * Reads a test definition out of its repository.
 * @throws JobError `Unable to open test definition '<path>': <reason>`
 */
export async function readDefinition(repository: string, path: string): Promise<DefinitionFile> {
  const refuse = (reason: string) => new JobError(`Unable to open test definition '${path}': ${reason}`, { code: 'definition-unreadable' });
  let text: string;
  try {
    const file = await realpath(join(repository, path));
    if (!file.startsWith((await realpath(repository)) + sep)) throw new Error('it leads out of its repository');
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw refuse(error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no such file in the repository' : messageOf(error));
  }
  try {
    const plain = loadYaml(text, { file: path });
    if (!isMapping(plain)) throw new Error('it is not a mapping');
    return new DefinitionFile(plain, loadYaml(text, { file: path, exact: true }));
  } catch (error) {
    throw refuse(messageOf(error));
  }
}
