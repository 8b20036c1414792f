import { isMapping, mappingAt, type Mapping } from '../mapping.ts';
import type { Path } from '../problem.ts';
import type { Finding } from '../schema/schema.ts';
import { listOf, quoted, type Block } from './blocks.ts';
import { readPattern } from './read-pattern.ts';

/** A regular expression and what it is for. */
interface Pattern {
  readonly path: Path;
  readonly text: string;
  /** It says when something has come: it must not always be there. */
  readonly isAwaited?: boolean;
  /** It reads results: it needs these groups, one of each list. */
  readonly groups?: readonly (readonly string[])[];
}

/** Nobody reads more. */
const enough = 100;

/** Regular expressions that cannot be read, that fit any text, or that lack the groups they are there for. */
export function patternAdvice(blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  for (const block of blocks) {
    for (const pattern of patternsOf(block)) {
      if (found.length >= enough) return found;
      found.push(...adviceOn(pattern));
    }
  }
  return found;
}

/** The groups by which a pattern names results. */
export const resultGroups = [['test_case_id'], ['result', 'measurement']] as const;

export function adviceOn({ path, text, isAwaited, groups = [] }: Pattern): Finding[] {
  const read = readPattern(text);
  if (read === undefined) return [];
  if ('wrong' in read) return [{ path, code: 'wrong-pattern', message: `${quoted(text)} is no regular expression: ${read.wrong}`, hint: 'Write a \\ before ( [ { * + ? . $ and the like where the character itself is meant.' }];
  if (isAwaited && read.matchesAnything) return [{ path, code: 'prompt-matches-all', message: `the pattern ${quoted(text)} matches any text, even none`, hint: 'Give the end of what is awaited as it is, such as "root@device:~# ".' }];
  return groups.filter((names) => !names.some((name) => text.includes(`(?P<${name}>`))).map((names) => ({
    path, code: 'pattern-groups', message: `the pattern ${quoted(text)} has no group ${names.map((name) => `"${name}"`).join(' or ')}: no result will be found`, hint: `Name the part of the pattern: (?P<${names[0]}>…).`,
  }));
}

/** Texts at keys of a mapping that are single texts or lists of them. */
function* texts(path: Path, of: Mapping | undefined, keys: readonly string[], more: Omit<Pattern, 'path' | 'text'> = {}): Generator<Pattern> {
  for (const key of keys) {
    const value = of?.[key];
    const list = Array.isArray(value) ? value : [value];
    for (const [i, text] of list.entries()) if (typeof text === 'string' && text !== '') yield { path: [...path, key, ...(Array.isArray(value) ? [i] : [])], text, ...more };
  }
}

function* patternsOf({ kind, block, path }: Block): Generator<Pattern> {
  const awaited = { isAwaited: true };
  if (kind === 'boot') {
    yield* texts(path, block, ['prompts'], awaited);
    yield* texts([...path, 'auto_login'], mappingAt(block, 'auto_login'), ['login_prompt', 'password_prompt'], awaited);
    yield* texts(path, block, ['failure_message'], awaited);
    yield* texts([...path, 'parameters'], mappingAt(block, 'parameters'), ['bootloader-final-message', 'kernel-start-message', 'shutdown-message'], awaited);
  }
  if (kind !== 'test') return;
  yield* each(block, path, 'monitors', function* monitor(of, at) {
    yield* texts(at, of, ['start', 'end'], awaited);
    yield* texts(at, of, ['pattern'], { groups: resultGroups });
  });
  yield* each(block, path, 'interactive', function* script(of, at) {
    yield* texts(at, of, ['prompts'], awaited);
    yield* each(of, at, 'script', function* step(command, place) {
      for (const key of ['successes', 'failures']) yield* each(command, place, key, (match, there) => texts(there, match, ['message']));
    });
  });
  yield* each(block, path, 'definitions', function* definition(of, at) {
    yield* texts([...at, 'repository', 'parse'], mappingAt(of, 'repository', 'parse'), ['pattern'], { groups: resultGroups });
  });
}

function* each(of: Mapping, path: Path, key: string, visit: (item: Mapping, at: Path) => Iterable<Pattern>): Generator<Pattern> {
  for (const [i, item] of listOf(of[key]).entries()) if (isMapping(item)) yield* visit(item, [...path, key, i]);
}
