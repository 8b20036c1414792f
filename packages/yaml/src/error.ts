import { LavaError, type ErrorType, type Position } from '@lava/base';

/** A place in a text, counted from 1; `endColumn` is the first column after it on the same line. */
export interface YamlPosition extends Position {
  readonly endColumn: number;
}

/** The text is not acceptable YAML. `reason` is the message without its place. */
export class YamlError extends LavaError {
  override readonly name = 'YamlError';
  override readonly type: ErrorType = 'Job';
  override readonly help = 'JobError: Your job cannot terminate cleanly.';
  readonly reason: string;
  readonly line: number;
  readonly column: number;

  constructor(reason: string, at: Position, options: { code?: string; hint?: string; cause?: unknown } = {}) {
    super(`${reason} (${at.file ? `${at.file}, ` : ''}line ${at.line}, column ${at.column})`, { code: 'yaml-syntax', ...options, at });
    this.reason = reason;
    this.line = at.line;
    this.column = at.column;
  }
}

const widest = 120;

/** The line of a place with a caret below, for terminals and mails; long lines are cut around the place. */
export function excerpt(text: string, at: { readonly line: number; readonly column: number; readonly endColumn?: number }): string {
  const line = text.split(/\r\n|\r|\n/, at.line)[at.line - 1] ?? '';
  const from = line.length <= widest ? 0 : Math.max(0, Math.min(at.column - 1 - widest / 2, line.length - widest));
  const shown = line.slice(from, from + widest).replaceAll('\t', ' ');
  const start = Math.min(at.column - 1 - from, shown.length);
  const length = Math.max(1, Math.min((at.endColumn ?? at.column + 1) - at.column, shown.length - start));
  const number = String(at.line);
  return `${number} | ${shown}\n${' '.repeat(number.length)} | ${' '.repeat(start)}${'^'.repeat(length)}`;
}
