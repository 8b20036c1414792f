import { ConnectionClosedError, JobError, LavaError } from '@lava/base';
import type { Connection } from '../console/connection.ts';
import type { Match } from '../expect/expect-stream.ts';
import type { Pattern } from '../expect/pattern.ts';
import type { Action } from '../pipeline/action.ts';

interface KernelPattern {
  readonly start: RegExp;
  readonly end: RegExp;
  readonly kind: string | ((text: string) => string);
  /** Reason code of a message after which the boot is over. */
  readonly fatal?: string;
}

const traceKind = (text: string) => (text.includes('Oops') ? 'oops' : text.includes('BUG') ? 'bug' : text.includes('WARNING') ? 'warning' : 'unknown');

/** What a kernel in trouble prints; at equal positions the first counts. */
const kernelPatterns: readonly KernelPattern[] = [
  { start: /-\[ cut here \]/, end: /-+\[ end trace \w* \]-+[^\n]*\r/, kind: traceKind },
  { start: /Unhandled fault/, end: /\r/, kind: 'fault' },
  { start: /BUG: KCSAN:/, end: /=+\r/, kind: 'kcsan' },
  { start: /BUG: KASAN:/, end: /=+\r/, kind: 'kasan' },
  { start: /BUG: KFENCE:/, end: /=+\r/, kind: 'kfence' },
  { start: /Oops(?: -|:)/, end: /\r/, kind: 'oops' },
  { start: /WARNING:/, end: /end trace[^\r]*\r/, kind: 'warning' },
  { start: /(kernel BUG at|BUG:)/, end: /\r/, kind: 'bug' },
  { start: /invalid opcode:/, end: /\r/, kind: 'invalid opcode' },
  { start: /Kernel panic - not syncing/, end: /end Kernel panic[^\r]*\r/, kind: 'panic', fatal: 'kernel-panic' },
  { start: /U-Boot SPL 20[0-9][0-9]/, end: /\r/, kind: 'DUT_has_reset', fatal: 'device-reset' },
];

/** A kernel that has stopped says the rest at once: waiting longer (milliseconds) for the end of its message is in vain. */
const panicEndMs = 10_000;

export interface KernelMessage {
  readonly kind: string;
  readonly message: string;
}

interface KernelWatch {
  /** Patterns that end the search. */
  readonly patterns: readonly Pattern[];
  /** The job's own pattern of a failed boot. */
  readonly failureMessage?: string;
  /** Waits for the first of patterns. */
  wait(patterns: readonly Pattern[]): Promise<Match>;
  /** Collects what was found, also when the search ends with an error. */
  readonly found: KernelMessage[];
}

/**
 * Waits for one of the patterns while collecting what the kernel complains about.
 * @returns index of the pattern that ended the search
 * @throws JobError with the whole message when the kernel panics, the board resets or the failure message appears
 */
export async function passKernelMessages(a: Action, connection: Connection, watch: KernelWatch): Promise<number> {
  const starts = kernelPatterns.map((p) => p.start);
  const patterns = [...starts, ...watch.patterns, ...(watch.failureMessage === undefined ? [] : [watch.failureMessage])];
  for (;;) {
    const match = await watch.wait(patterns);
    const index = match.index - starts.length;
    if (index === watch.patterns.length) {
      const message = `Matched job-specific failure message: '${match.text}'`;
      watch.found.push({ kind: 'custom-error', message });
      throw new JobError(message, { code: 'failure-message' });
    }
    if (index >= 0) return index;

    const pattern = kernelPatterns[match.index] as KernelPattern;
    const rest = await endOf(a, connection, pattern, watch.patterns);
    if (rest === undefined) continue;
    if (typeof rest === 'number') return rest;
    const message = match.before.slice(match.before.lastIndexOf('\n') + 1) + match.text + rest.replace(/\r$/, '');
    const kind = typeof pattern.kind === 'string' ? pattern.kind : pattern.kind(message);
    watch.found.push({ kind, message });
    if (pattern.fatal !== undefined) throw new JobError(message, { code: pattern.fatal });
    a.log.warning(`${a.name}: kernel '${kind}'`);
  }
}

/** The rest of a message; undefined if its end never comes, a number if that prompt came in its place. */
async function endOf(a: Action, connection: Connection, pattern: KernelPattern, prompts: readonly Pattern[]): Promise<string | number | undefined> {
  const timeoutMs = pattern.kind === 'panic' ? Math.min(panicEndMs, a.remainingMs()) : Math.min(a.connectionTimeout * 1000, a.remainingMs());
  try {
    const end = await connection.expect([pattern.end, ...prompts], { timeoutMs, signal: a.signal });
    if (end.index === 0) return end.before + end.text;
    a.log.warning('Unable to match end of the kernel message');
    return end.index - 1;
  } catch (error) {
    if (!(error instanceof LavaError) || error instanceof ConnectionClosedError) throw error;
    if (pattern.kind === 'panic') throw new JobError('Kernel panic - not syncing', { code: 'kernel-panic', cause: error });
    if (error.code !== 'prompt-timeout') throw error;
    a.log.warning('Failed to match end of kernel error');
    return undefined;
  }
}
