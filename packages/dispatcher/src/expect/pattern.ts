import vm from 'node:vm';
import { JobError, messageOf } from '@lava/base';
import { RE2JS } from 're2js';
import { parsePythonRegex, type Tree } from './python-regex.ts';

/**
 * A pattern to wait for: a string is a regular expression in Python's syntax, as users and device types write them
 * (`literal()` makes one of a plain text); a RegExp is one of ours.
 */
export type Pattern = string | RegExp;

/** Milliseconds that one search with a pattern which RE2 cannot do may take. */
const longestSearchMs = 1000;

/** Prompts are checked before the job and waited for again and again. */
const compiled = new Map<string, CompiledPattern>();
const mostCompiled = 200;

/** Where a pattern was found in a text. */
export interface Found {
  readonly start: number;
  readonly end: number;
  /** By number from 1, at index 0 the first. */
  readonly captures: readonly (string | undefined)[];
  /** By name. */
  readonly groups: Readonly<Record<string, string | undefined>>;
}

export interface CompiledPattern {
  readonly source: string;
  /** What a match must at least be; for the scanner. */
  readonly tree: Tree;
  readonly dependsOnLaterText: boolean;
  /** The leftmost match. @throws JobError when the pattern needs too long for it */
  search(text: string): Found | undefined;
}

/**
 * Compiles a pattern.
 *
 * Patterns of users run in time linear to the text (RE2), whatever they are. Those with look-around or references to
 * groups, which RE2 has not, run as JavaScript's and are stopped after a second. Both follow Python, except that
 * `\b`, and `\W`, `\D`, `\S` within brackets, know ASCII letters only.
 * @throws JobError when the expression is not valid
 */
export function compilePattern(pattern: Pattern): CompiledPattern {
  const key = typeof pattern === 'string' ? `s${pattern}` : `${pattern.flags}/${pattern.source}`;
  const known = compiled.get(key);
  if (known) return known;
  try {
    const made = typeof pattern === 'string' ? compilePython(pattern) : compileOwn(pattern);
    if (compiled.size >= mostCompiled) compiled.clear();
    compiled.set(key, made);
    return made;
  } catch (error) {
    throw new JobError(`Invalid regular expression '${typeof pattern === 'string' ? pattern : pattern.source}': ${messageOf(error)}`, {
      code: 'invalid-pattern', hint: 'Prompts and patterns are regular expressions in the syntax of Python; a \\ before a special character makes it an ordinary one.', cause: error,
    });
  }
}

function compileOwn(pattern: RegExp): CompiledPattern {
  const { tree, dependsOnLaterText } = parsePythonRegex(pattern.source, { i: pattern.ignoreCase, s: pattern.dotAll, m: pattern.multiline });
  const regex = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  return { source: pattern.source, tree, dependsOnLaterText, search: (text) => found(regex.exec(text)) };
}

function compilePython(source: string): CompiledPattern {
  const { tree, dependsOnLaterText, re2, js, endsBeforeLineFeed } = parsePythonRegex(source);
  const search = re2 === undefined ? javaScriptSearch(source, new RegExp(js, 'u')) : linearSearch(RE2JS.compile(re2), endsBeforeLineFeed);
  return { source, tree, dependsOnLaterText, search };
}

function linearSearch(regex: RE2JS, endsBeforeLineFeed: boolean): (text: string) => Found | undefined {
  const names = Object.entries(regex.namedGroups());
  const search = (text: string): Found | undefined => {
    const matcher = regex.matcher(text);
    if (!matcher.find()) return undefined;
    const captures = Array.from({ length: matcher.groupCount() }, (_, i) => matcher.group(i + 1) ?? undefined);
    return { start: matcher.start(), end: matcher.end(), captures, groups: Object.fromEntries(names.map(([name, number]) => [name, captures[number - 1]])) };
  };
  if (!endsBeforeLineFeed) return search;
  return (text) => {
    const whole = search(text);
    const shorter = text.endsWith('\n') ? search(text.slice(0, -1)) : undefined;
    return whole && shorter ? (shorter.start <= whole.start ? shorter : whole) : whole ?? shorter;
  };
}

function javaScriptSearch(source: string, regex: RegExp): (text: string) => Found | undefined {
  // Only code that runs in a context of its own can be stopped.
  const context = vm.createContext({ regex, text: '' });
  const script = new vm.Script('regex.exec(text)');
  return (text) => {
    context['text'] = text;
    try {
      return found(script.runInContext(context, { timeout: longestSearchMs }) as RegExpExecArray | null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new JobError(`The pattern '${source}' takes too long on the text it is matched against`, {
        code: 'pattern-too-slow', hint: 'Avoid repeats inside of repeats; without look-around and references to groups a pattern is always fast.',
      });
    }
  };
}

function found(m: RegExpExecArray | null): Found | undefined {
  return m === null ? undefined : { start: m.index, end: m.index + m[0].length, captures: m.slice(1), groups: { ...m.groups } };
}
