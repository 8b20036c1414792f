import { formatDuration, JobError, LavaBug, LavaError, messageOf, monotonicMs, sleep } from '@lava/base';
import { toLogValue } from '../log/log-value.ts';
import { callProtocols } from './protocol-calls.ts';
import { asLavaError, explain, isRetryable, sameClass } from './errors.ts';
import { explainTimeout } from './failure-reason.ts';
import type { PipelineAction } from './pipeline-action.ts';

/** Milliseconds an aborted hook may take to end by itself before the job goes on without it. */
const abortGraceMs = 5000;
/** Seconds for the cleanup between two attempts. */
const retryCleanupSeconds = 60;

/** Waits for work of an action, or for its signal: also a hook that ignores the signal cannot hold up the job. */
async function untilAborted<T>(a: PipelineAction, work: () => Promise<T> | T): Promise<T> {
  const { signal } = a;
  if (signal.aborted) throw signal.reason;
  let timer: NodeJS.Timeout | undefined;
  let stop = () => undefined as void;
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = () => {
      // A child that still ends in an orderly way comes first.
      timer = setTimeout(() => { if (a.clock.busyInside) giveUp(); else reject(signal.reason); }, abortGraceMs);
    };
    stop = giveUp;
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    const result = await Promise.race([(async () => work())(), aborted]);
    if (signal.aborted) throw signal.reason;
    return result;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

const bracket = (a: PipelineAction) => `${a.level} ${a.name}`;
const chat = (a: PipelineAction) => (text: string) => (a.parent ? a.log.debug(text) : a.log.info(text));

/** Runs one action with everything that belongs to it: its time, its log lines, its result. */
export async function runAction(a: PipelineAction, options: { readonly lines?: boolean } = {}): Promise<void> {
  const { runtime } = a;
  const now = monotonicMs();
  const parentEnd = a.parent ? a.parent.clock.endMs : runtime.endMs;
  const shielded = a.section === 'finalize';
  a.clock.begin(shielded ? now + a.timeout * 1000 : Math.min(parentEnd, now + a.timeout * 1000));
  runtime.running.push(a);
  runtime.started = true;
  const say = options.lines === false ? () => undefined : chat(a);
  let failure: LavaError | undefined;
  try {
    say(`start: ${bracket(a)} (timeout ${formatDuration(Math.round(a.remainingMs() / 1000))}) [${a.namespace}]`);
    if (!a.parent && (a.parameters['timeout'] as { skip?: unknown } | undefined)?.skip === true) {
      a.log.info("The timeout has 'skip' enabled. If this test action block times out, the job will continue at the next action block.");
    }
    if (runtime.canceled && !shielded) a.abort(runtime.canceled);
    await untilAborted(a, async () => {
      await callProtocols(a);
      await (a.spec.run ? a.spec.run(a) : a.runChildren());
    });
  } catch (error) {
    failure = explainTimeout(a, asLavaError(error));
    report(a, error, failure);
    a.results['fail'] = failure.message;
  } finally {
    const seconds = a.clock.elapsedSeconds;
    say(`end: ${bracket(a)} (duration ${formatDuration(Math.round(seconds))}) [${a.namespace}]`);
    if (Object.keys(a.results).length > 0) {
      a.log.results({
        definition: 'lava', namespace: a.namespace, case: a.name, level: a.level, duration: seconds.toFixed(2),
        result: failure || a.errors.length > 0 ? 'fail' : 'pass', extra: toLogValue(a.results),
      });
    }
    runtime.running.splice(runtime.running.indexOf(a), 1);
    a.clock.end(failure !== undefined);
  }
  if (failure) throw failure;
}

function report(a: PipelineAction, thrown: unknown, failure: LavaError): void {
  const isOurs = thrown instanceof LavaError;
  a.log.exception(isOurs ? failure.message : `${(thrown as Error | undefined)?.stack ?? messageOf(thrown)}`);
  explain(a.log, failure);
}

/** Runs the children of an action in order; those of a retry wrapper as often as it takes. */
export async function runChildren(a: PipelineAction): Promise<void> {
  const once = async () => {
    let failure: unknown;
    for (const child of a.children) {
      try {
        await runAction(child);
      } catch (error) {
        // Where the power cannot be switched off, connections are closed in order even so.
        if (a.section !== 'finalize') throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  };
  if (!a.spec.retry) return once();

  const repeat = a.parameters['repeat'] !== undefined;
  const interval = a.parameters['failure_retry_interval'] ?? 1;
  const intervalMs = typeof interval === 'number' && interval > 0 ? 1000 * interval : 0;
  let failures = 0;
  let last: LavaError | undefined;
  for (let attempt = 1; attempt <= a.maxRetries; attempt += 1) {
    try {
      await once();
      if (!repeat) return;
    } catch (error) {
      if (!isRetryable(error)) throw error;
      failures += 1;
      last = error;
      a.log.error(`${a.name} failed: ${attempt} of ${a.maxRetries} attempts. '${error.message}'`);
      await cleanUpActions(a.children, monotonicMs() + retryCleanupSeconds * 1000);
      if (attempt === a.maxRetries) {
        a.error(`${a.maxRetries} retries failed for ${a.name}`);
        if (!repeat) throw error;
      } else if (monotonicMs() + intervalMs >= a.clock.endMs) {
        throw sameClass(error, `No time left for remaining ${a.maxRetries - attempt} retries. You should either increase block timeout or `
          + `decrease named action timeout. ${attempt} retries out of ${a.maxRetries} failed for ${a.name}`);
      }
    }
    if (attempt === a.maxRetries) break;
    if (failures > 0 || repeat) await sleep(intervalMs, a.signal);
    forget(a.children);
    a.log.warning(`Retrying: ${bracket(a)} (timeout ${formatDuration(Math.round(a.remainingMs() / 1000))})`);
  }
  if (last) throw sameClass(last, `${failures} retries out of ${a.maxRetries} failed for ${a.name}`);
}

function forget(actions: readonly PipelineAction[]): void {
  for (const a of actions) {
    a.errors = [];
    a.results = {};
    forget(a.children);
  }
}

/** Cleans up after actions, in pipeline order. Errors are logged. @returns how many actions could not be cleaned up after */
export async function cleanUpActions(actions: readonly PipelineAction[], endMs: number): Promise<number> {
  let failed = 0;
  for (const a of actions) {
    if (a.spec.cleanup) {
      a.cleaning = true;
      a.clock.begin(endMs);
      a.runtime.running.push(a);
      try {
        await untilAborted(a, () => a.spec.cleanup?.(a));
      } catch (error) {
        failed += 1;
        a.log.exception(error instanceof LavaError ? error.message : `${(error as Error).stack ?? messageOf(error)}`);
      } finally {
        a.runtime.running.splice(a.runtime.running.indexOf(a), 1);
        a.clock.end();
        a.cleaning = false;
      }
    }
    failed += await cleanUpActions(a.children, endMs);
  }
  return failed;
}

/**
 * Validates actions depth first.
 * @param codes gets the reason codes of all that is wrong
 * @returns what is wrong; errors that are not the job's fault are thrown at once
 */
export async function validateActions(actions: readonly PipelineAction[], codes: Set<string>): Promise<string[]> {
  const problems: string[] = [];
  for (const a of actions) {
    for (const [what, present] of [['name', /^[a-z0-9-]+$/i.test(a.name)], ['summary', a.spec.summary !== '']] as const) {
      if (!present) throw new LavaBug(`action ${bracket(a)} has no proper ${what}`);
    }
    if (a.exceedsJob) a.log.warning(`Action timeout for ${a.name} exceeds Job timeout`);
    a.clock.begin(a.runtime.endMs);
    a.runtime.running.push(a);
    try {
      if (a.runtime.canceled) a.abort(a.runtime.canceled);
      await untilAborted(a, () => a.spec.validate?.(a));
    } catch (error) {
      if (!(error instanceof JobError) || a.signal.aborted) throw error;
      problems.push(`${bracket(a)}: ${error.message}`);
      codes.add(error.code);
    } finally {
      a.runtime.running.splice(a.runtime.running.indexOf(a), 1);
      a.clock.end();
    }
    problems.push(...a.errors);
    for (const code of a.errorCodes) codes.add(code);
    a.errors = [];
    a.errorCodes.clear();
    problems.push(...(await validateActions(a.children, codes)));
  }
  return problems;
}
