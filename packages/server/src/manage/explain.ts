import { LavaError, messageOf } from '@lava/base';

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
