import { JobError, TestError } from '@lava/base';
import type { Mapping } from '@lava/job';
import { pythonText } from '../text/shell-text.ts';
import type { Action } from '../pipeline/action.ts';
import type { Reply } from '../multinode/multinode.ts';

const names = ['lava-send', 'lava-wait', 'lava-wait-all', 'lava-sync'] as const;

/** The call to the other members of the group that a step of an interactive test makes, if it makes one. */
export function groupStep(step: Mapping): (typeof names)[number] | undefined {
  return names.find((name) => name in step);
}

/**
 * Makes the call of a step; what others sent can be used by name in later steps.
 * @param values names and values for later steps, filled here
 * @param fill puts the values into the text of the step
 */
export async function runGroupStep(a: Action, step: Mapping, values: Map<string, string>, fill: (text: string) => string): Promise<void> {
  const { job: { multinode }, log, signal } = a;
  const name = groupStep(step);
  if (!multinode || name === undefined) return;
  const text = fill(pythonText(step[name]));
  const words = text.split(/\s+/).filter((word) => word !== '');
  const seconds = a.remainingMs() / 1000;
  const [id = '', ...more] = words;
  let reply: Reply = [];
  switch (name) {
    case 'lava-send':
      await multinode.send(id, Object.fromEntries(more.map(pair)), signal);
      log.info('send result: ack');
      return;
    case 'lava-wait': reply = await multinode.wait(id, signal, seconds); break;
    case 'lava-sync': reply = await multinode.sync(id, signal, seconds); break;
    case 'lava-wait-all': reply = await multinode.waitAll(id, roleOf(words), signal, seconds);
  }
  if (reply === 'nack') throw new TestError('Nack reply from coordinator for wait-all (deadlock detected?)', { code: 'group-nack' });
  log.info(`wait result: ${JSON.stringify(Object.fromEntries(reply.map(({ sender, data }) => [sender, data])))}`);
  for (const { data } of reply) for (const [key, value] of Object.entries(data)) values.set(key, pythonText(value));
}

function pair(word: string): [string, string] {
  const at = word.indexOf('=');
  if (at < 1) throw new JobError(`lava-send expects KEY=VALUE, got: ${word}`, { code: 'group-step' });
  return [word.slice(0, at), word.slice(at + 1)];
}

function roleOf(words: readonly string[]): string | undefined {
  const [, role, ...more] = words;
  if (words.length === 0 || more.length > 0) throw new JobError(`lava-wait-all expects 1 or 2 params, got: [${words.map((w) => `'${w}'`).join(', ')}]`, { code: 'group-step' });
  if (role === undefined) return undefined;
  const [key, value] = role.split('=', 2);
  if (key !== 'role' || value === undefined) throw new JobError(`lava-wait-all 2nd param must be role=<rolename>, got: ${key ?? ''}`, { code: 'group-step' });
  return value;
}
