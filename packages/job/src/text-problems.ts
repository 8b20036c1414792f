import { YamlError, loadYamlWithPositions, type Located, type YamlLimits } from '@lava/yaml';
import { isMapping, type Mapping } from './mapping.ts';
import { pythonPath, type Path, type Problem } from './problem.ts';
import type { Finding } from './schema/schema.ts';
import type { Findings, Found } from './schema/validate.ts';

/** More problems than anybody reads at once. */
const mostProblems = 100;

export interface Checked {
  /** All errors in the order of the text, then all warnings. */
  readonly problems: readonly Problem[];
  /** Present unless there are errors. */
  readonly definition?: Mapping;
}

interface What {
  readonly limits?: YamlLimits;
  /** Messages for an empty text and for one that is no mapping. */
  readonly empty: string;
  readonly noMapping: string;
  /** Why nothing more is said of a text: it is something else. */
  readonly refuse?: (value: Mapping) => Finding | undefined;
  readonly find: (value: Mapping, located: Located) => Findings;
  /** What is surely not meant in a text without errors. */
  readonly advise: (value: Mapping) => readonly Finding[];
}

/** Loads a YAML text and checks it; every problem comes with its place. Never throws for any text. */
export function checkText(text: string, { limits, empty, noMapping, refuse, find, advise }: What): Checked {
  let located: Located;
  try {
    located = loadYamlWithPositions(text, { limits });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { problems: [{ severity: 'error', code: error.code, message: error.reason, hint: error.hint, path: [], line: error.line, column: error.column, endColumn: error.at && 'endColumn' in error.at ? Number(error.at.endColumn) : undefined, upstream: error.message }] };
  }
  const { value } = located;
  if (!isMapping(value)) {
    return { problems: [{ severity: 'error', code: 'not-a-mapping', message: value === null ? empty : noMapping, path: [], line: 1, column: 1, ...located.position([]), hint: 'Write keys and values, such as "KEY: VALUE", one a line.', upstream: 'expected a dictionary' }] };
  }
  const refusal = refuse?.(value);
  if (refusal) return { problems: [toProblem({ ...refusal, severity: 'error', dictionaryValue: false }, located)] };
  const found = find(value, located);
  const [errors, warnings] = [toldOnce(found.errors), toldOnce(found.warnings)];
  const advice = unsaid(errors, warnings);
  if (!errors.length) for (const f of advise(value)) advice.push({ ...f, severity: 'warning', dictionaryValue: false });
  const shown = [...errors, ...advice].slice(0, mostProblems).map((f) => toProblem(f, located));
  const problems = [...shown, ...duplicates(located)].slice(0, mostProblems);
  if (problems.length < errors.length + advice.length + located.duplicates.length) problems.push({ severity: 'warning', code: 'more-problems', message: 'there are more problems than are shown', path: [] });
  return errors.length ? { problems } : { problems, definition: value };
}

/** A misspelt key is one mistake: where it comes with the hint that another was meant, nobody need say that the other is missing. */
function toldOnce(findings: readonly Found[]): Found[] {
  const place = (path: Path) => JSON.stringify(path);
  const unknown = new Set(findings.filter(({ code }) => code === 'unknown-key').map(({ path }) => place(path)));
  return findings.filter(({ path, instead }) => instead === undefined || !unknown.has(place([...path.slice(0, -1), instead])));
}

/** Warnings on places of which nothing is said yet. What submission refuses need not be said again in other words. */
function unsaid(errors: readonly Found[], warnings: readonly Found[]): Found[] {
  const said = new Set(errors.map(({ path }) => JSON.stringify(path)));
  return warnings.filter(({ path }) => said.size < said.add(JSON.stringify(path)).size);
}

function duplicates(located: Located): Problem[] {
  return located.duplicates.slice(0, mostProblems).map(({ key, at }) => ({
    severity: 'warning', code: 'duplicate-key', message: `the key ${JSON.stringify(key.slice(0, 60))} stands twice in the same mapping: the last one counts`,
    hint: 'Remove one of them.', path: [], line: at.line, column: at.column, endColumn: at.endColumn,
  }));
}

function toProblem(found: Found, located: Located): Problem {
  const group = found.path.at(-1)?.toString().startsWith('<') ? found.path.slice(0, -1) : found.path;
  const { severity, code, message, hint, reason } = found;
  return {
    severity, code, message, ...(hint ? { hint } : {}), path: group, ...place(located, group, found),
    ...(severity === 'error' && reason ? { upstream: upstreamText(found, located) } : {}),
  };
}

/** Place of a finding; of a missing key, the nearest thing above that is there. */
function place(located: Located, path: Path, { part, code }: Found): { line?: number; column?: number; endColumn?: number } {
  for (let length = path.length; length >= 0; length--) {
    const at = located.position(path.slice(0, length), length < path.length || code === 'exclusive-keys' ? 'key' : part);
    if (at) return { line: at.line, column: at.column, endColumn: at.endColumn };
  }
  return {};
}

const withoutPlace = /^Invalid (?:job|YAML) |^lava-multinode |^'|^connection specified|^When |^The count|^No action/;

function upstreamText({ reason = '', path, dictionaryValue }: Found, located: Located): string {
  if (withoutPlace.test(reason)) return reason;
  const keys = path.map((part, i) => (typeof part === 'string' && located.tag(path.slice(0, i + 1), 'key') === 'int' ? Number(part) : part));
  return `${reason}${dictionaryValue ? ' for dictionary value' : ''} @ ${pythonPath(keys)}`;
}
