import { readFileSync } from 'node:fs';
import { checkJob, checkTestDefinition, type Problem } from '../../src/index.ts';
import { jobs, testDefinitions } from './jobs.ts';

/** A definition with one thing changed, and all that must be said of it. */
export interface Broken {
  readonly name: string;
  readonly isJob: boolean;
  readonly text: string;
  /** One line a problem, as `told` writes it. */
  readonly says: readonly string[];
}

/** A problem in one line: `error 4:1 unknown-key: unknown key "prority" | Did you mean "priority"?` */
const told = ({ severity, line, column, code, message, hint }: Problem): string => `${severity} ${line}:${column} ${code}: ${message}${hint ? ` | ${hint}` : ''}`;

export const toldOf = ({ isJob, text }: Broken): string[] => (isJob ? checkJob : checkTestDefinition)(text).problems.map(told);

/**
 * Reads `broken.txt`: entries after blank lines. `# BASE: NAME` begins one; lines after `- ` are replaced in the definition
 * BASE by those after `+ `, or removed; without `- ` the text is the lines after `+ ` alone. Then come the problems.
 */
export function readBroken(): Broken[] {
  return readFileSync(new URL('broken.txt', import.meta.url), 'utf8').split(/\n\n(?=# )/).slice(1).map((entry) => {
    const [title = '', ...lines] = entry.trimEnd().split('\n');
    const [, base = '', name = ''] = /^# (\w+): (.*)$/.exec(title) ?? [];
    const after = (mark: string) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(mark.length)).join('\n');
    const [from, to] = [after('- '), after('+ ')];
    return { name, isJob: !Object.hasOwn(testDefinitions, base), text: from ? changed({ ...jobs, ...testDefinitions }[base], from, to) : to, says: lines.filter((line) => /^(?:error|warning) /.test(line)) };
  });
}

function changed(base: string | undefined, from: string, to: string): string {
  const parts = base?.split(from) ?? [];
  if (parts.length !== 2) throw new Error(`broken.txt: the text has ${parts.length - 1} of these: ${from}`);
  const text = parts.join(to);
  return to ? text : text.replace(/^\s*\n/gm, '');
}
