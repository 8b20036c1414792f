import { LavaError, messageOf } from '@lava/base';
import type { DeviceProblem } from '@lava/device';

/** An error as a check prints it: what is wrong, where, and what to do. */
export function explain(error: unknown): string {
  const lines = [`  -> ${messageOf(error)}`];
  if (error instanceof LavaError) {
    const { at, hint } = error;
    if (at && !error.message.includes(`${at.file}, line ${at.line}`)) lines.push(`     at ${at.file}:${at.line}:${at.column}`);
    if (hint) lines.push(`     ${hint}`);
  }
  return lines.join('\n');
}

/** The same for a problem that a check found. */
export function explainProblem({ severity, message, at, path, hint }: DeviceProblem): string {
  const lines = [`  -> ${severity === 'warning' ? 'warning: ' : ''}${message}`];
  if (at && !message.includes(`${at.file}, line ${at.line}`)) lines.push(`     at ${at.file}:${at.line}:${at.column}`);
  else if (!at && path.length > 0) lines.push(`     at ${path.join('.')}`);
  if (hint !== undefined) lines.push(`     ${hint}`);
  return lines.join('\n');
}
