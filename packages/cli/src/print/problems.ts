import { readablePath, type Problem } from '@lava/job';
import { excerpt } from '@lava/yaml';
import { safeText, style } from './style.ts';

/** Problems of a definition as compilers print theirs: place, message, the line with a caret, advice. */
export function formatProblems(file: string, text: string, problems: readonly Problem[]): string {
  return problems.map((problem) => formatProblem(file, text, problem)).join('');
}

function formatProblem(file: string, text: string, { severity, code, message, hint, path, line, column, endColumn }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const word = severity === 'error' ? style('red', 'error') : style('yellow', 'warning');
  const at = readablePath(path);
  // Where a key of the top stands needs no words.
  const where = path.length > 1 && !message.includes(at) ? ` at ${at}` : '';
  const lines = line === undefined ? [] : pointAt(text, { line, column: column ?? 1, endColumn }, severity === 'error' ? 'red' : 'yellow');
  return [`${style('bold', place)}: ${word}: ${message} [${code}]${where}`, ...[...lines, ...(hint ? [style('cyan', hint)] : [])].map((one) => `    ${one}`), ''].join('\n');
}

/** The line of a place, and carets below it. */
function pointAt(text: string, at: { line: number; column: number; endColumn?: number }, colour: 'red' | 'yellow'): string[] {
  const [line = '', carets = ''] = excerpt(text, at).split('\n').map((one) => one.slice(one.indexOf('| ') + 2));
  return [safeText(line), carets.replace(/\^+$/, (marks) => style(colour, marks))];
}

/** `2 errors, 1 warning`, or undefined if there is nothing to count. */
export function countProblems(problems: readonly Problem[]): string | undefined {
  const count = (severity: Problem['severity']) => problems.filter((p) => p.severity === severity).length;
  const parts = (['error', 'warning'] as const).map((severity) => [count(severity), severity] as const).filter(([n]) => n > 0);
  return parts.length ? parts.map(([n, severity]) => `${n} ${severity}${n > 1 ? 's' : ''}`).join(', ') : undefined;
}
