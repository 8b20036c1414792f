import { JobError, MultinodeTimeoutError, TestError } from '@lava/base';
import { pythonText } from '../text/shell-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import type { Connection } from '../console/connection.ts';
import type { Action } from '../pipeline/action.ts';
import type { Multinode, Reply } from '../multinode/multinode.ts';

/** How a call of a test to the other members of its group went. */
interface GroupCallOutcome {
  /** `SEND-ip`: the call and its message. */
  readonly id: string;
  /** Undefined when the call failed in a way that is no result. */
  readonly result: 'pass' | 'fail' | undefined;
}

/**
 * Makes the call that a test prints as `<LAVA_MULTI_NODE> <LAVA_(NAME) (PARAMETERS)>` and types the answer.
 * Undefined for what is no call, or outside of a group.
 * @throws TestError for wrong parameters
 */
export async function answerGroupCall(a: Action, connection: Connection, name: string, text: string): Promise<GroupCallOutcome | undefined> {
  const { job: { multinode }, log } = a;
  const handle = Object.hasOwn(calls, name) ? calls[name as keyof typeof calls] : undefined;
  if (!multinode || !handle) return undefined;
  log.debug(`Received Multi_Node API <LAVA_${name}>`);
  // Values of a message may hold blanks: a new one begins before a word with `=`.
  const words = text.split(name === 'SEND' ? /\s+(?=\w+=)/ : /\s+/).filter((word) => word !== '');
  const id = `${name}-${words[0] ?? ''}`;
  log.debug(`messageID: ${id}`);
  log.debug(`Handling signal <LAVA_${name} ${text}>`);
  let answer: string | undefined;
  try {
    answer = await handle(multinode, words, a.signal);
  } catch (error) {
    if (error instanceof MultinodeTimeoutError) {
      log.warning(`Sync error in multinode signal: ${error.message} ${name}`);
      return { id, result: 'fail' };
    }
    if (!(error instanceof JobError) || a.signal.aborted) throw error;
    log.error(`job error: handling signal ${name} failed: ${error.message}`);
    return { id, result: undefined };
  }
  if (answer !== undefined) {
    const delayMs = characterDelay(a);
    await connection.sendLine(`<LAVA_${name}_COMPLETE${answer}>`, { delayMs });
    await connection.sendLine('\n', { delayMs });
  }
  return { id, result: 'pass' };
}

/** Each makes its call and gives what follows `COMPLETE` in the answer; undefined for a call without one. */
const calls = {
  async SEND(multinode: Multinode, [id, ...pairs]: readonly string[], signal: AbortSignal) {
    if (id === undefined) throw wrongParameters();
    const data = Object.fromEntries(pairs.map((pair) => pair.split('=')).filter((parts): parts is [string, string] => parts.length === 2));
    await multinode.send(id, data, signal);
    return undefined;
  },
  async SYNC(multinode: Multinode, words: readonly string[], signal: AbortSignal) {
    const [id] = few(words, 1);
    return (await multinode.sync(id, signal)) === 'nack' ? ' nack' : '';
  },
  async WAIT(multinode: Multinode, words: readonly string[], signal: AbortSignal) {
    const [id] = few(words, 1);
    return printed(await multinode.wait(id, signal));
  },
  async WAIT_ALL(multinode: Multinode, words: readonly string[], signal: AbortSignal) {
    const [id, role] = few(words, 2);
    return printed(await multinode.waitAll(id, role, signal));
  },
};

/** ` 102:ip=10.0.0.1 103:ip=10.0.0.2`: numbers of the senders' jobs before each value. */
function printed(reply: Reply): string {
  if (reply === 'nack') return ' nack';
  return reply.flatMap(({ sender, data }) => Object.entries(data).map(([key, value]) => ` ${sender}:${key}=${pythonText(value)}`)).join('');
}

function few(words: readonly string[], most: number): [string, string?] {
  const [id, ...more] = words;
  if (id === undefined || more.length >= most) throw wrongParameters();
  return [id, more[0]];
}

const wrongParameters = () => new TestError('Unable to handle the test shell signal correctly: wrong number of parameters', { code: 'invalid-signal' });
