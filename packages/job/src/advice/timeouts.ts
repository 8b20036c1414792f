import { isMapping, mappingAt, type Mapping } from '../mapping.ts';
import type { Path } from '../problem.ts';
import type { Finding } from '../schema/schema.ts';
import { defaultTimeout, jobTimeout, timeoutSeconds } from '../timeouts.ts';
import type { Block } from './blocks.ts';

/** Timeouts that never end anything, that say nothing, or whose `skip` does nothing. */
export function timeoutAdvice(job: Mapping, blocks: readonly Block[]): Finding[] {
  const limit = jobTimeout(job);
  return [...timeoutsOf(job, blocks)].flatMap(({ path, timeout, ofTest, ofJob }) => {
    const found: Finding[] = [];
    if (timeoutSeconds(timeout, 0) === 0) found.push({ path, code: 'timeout-zero', message: `this time is empty or zero, which counts as ${defaultTimeout} seconds`, hint: 'Give a time such as {minutes: 5}, or remove the key.' });
    else if (!ofJob && timeoutSeconds(timeout) > limit) found.push({ path, code: 'timeout-too-long', message: `this time is longer than that of the whole job (${limit} s)`, hint: 'Raise timeouts.job or lower this one.' });
    if (timeout['skip'] === true && !ofTest) found.push({ path: [...path, 'skip'], part: 'key', code: 'skip-ignored', message: '"skip" only works in the "timeout" of a test block', hint: 'Move it there, or remove it.' });
    return found;
  });
}

interface Timeout { readonly path: Path; readonly timeout: Mapping; readonly ofTest?: boolean; readonly ofJob?: boolean }

function* timeoutsOf(job: Mapping, blocks: readonly Block[]): Generator<Timeout> {
  const all = mappingAt(job, 'timeouts') ?? {};
  // A job may wait for a device much longer than it runs.
  for (const key of ['job', 'queue']) yield* one(['timeouts', key], all[key], { ofJob: true });
  yield* one(['retry', 'delay'], mappingAt(job, 'retry')?.['delay'], { ofJob: true });
  for (const key of ['action', 'connection']) yield* one(['timeouts', key], all[key]);
  for (const key of ['actions', 'connections']) yield* named(['timeouts', key], all[key]);
  for (const { kind, block, path } of blocks) {
    yield* one([...path, 'timeout'], block['timeout'], { ofTest: kind === 'test' });
    yield* one([...path, 'connection_timeout'], block['connection_timeout']);
    yield* named([...path, 'timeouts'], block['timeouts']);
  }
}

function* one(path: Path, timeout: unknown, of: Pick<Timeout, 'ofTest' | 'ofJob'> = {}): Generator<Timeout> {
  if (isMapping(timeout)) yield { path, timeout, ...of };
}

function* named(path: Path, timeouts: unknown): Generator<Timeout> {
  for (const [name, timeout] of isMapping(timeouts) ? Object.entries(timeouts) : []) yield* one([...path, name], timeout);
}
