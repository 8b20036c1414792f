import { stripVTControlCharacters } from 'node:util';
import { style } from './style.ts';

const width = (text: string) => stripVTControlCharacters(text).length;

/** Columns aligned by their widest cell, two blanks apart, with a quiet heading. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = heading.map((h, i) => Math.max(width(h), ...rows.map((r) => width(r[i] ?? ''))));
  const line = (cells: readonly string[]) => cells.map((c, i) => c + ' '.repeat(Math.max(0, columns[i]! - width(c)))).join('  ').trimEnd();
  return [style('dim', line(heading)), ...rows.map(line)].map((l) => `${l}\n`).join('');
}
