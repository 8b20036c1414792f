import type { Problem } from '@lava/job';
import { style } from './style.ts';

/** Problems of a definition as compilers print theirs: place, message, the line with a caret, advice. */
export function formatProblems(file: string, text: string, problems: readonly Problem[]): string {
  const lines = text.split('\n');
  return problems.map((p) => {
    const place = p.line === undefined ? file : `${file}:${p.line}:${p.column ?? 1}`;
    const word = p.severity === 'error' ? style('red', 'error') : style('yellow', 'warning');
    const source = p.line === undefined ? undefined : lines[p.line - 1];
    const caret = source === undefined ? '' :
      `    ${source.slice(0, 160)}\n    ${' '.repeat(Math.max(0, (p.column ?? 1) - 1))}${style('red', '^'.repeat(Math.max(1, (p.endColumn ?? 0) - (p.column ?? 0))))}\n`;
    const advice = p.hint ? `    ${p.hint}\n` : '';
    return `${style('bold', place)}: ${word}: ${p.message} [${p.code}]\n${caret}${advice}`;
  }).join('');
}
