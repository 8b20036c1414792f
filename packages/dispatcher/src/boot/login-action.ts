import { JobError, monotonicMs } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { Connection } from '../console/connection.ts';
import type { Pattern } from '../expect/pattern.ts';
import { characterDelay } from '../connections/character-delay.ts';
import { expectForced } from '../connections/forced-prompt.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { passKernelMessages, type KernelMessage } from './kernel-messages.ts';
import { promptList } from '../text/prompts.ts';

const loginIncorrect = 'Login incorrect';
const loginTimedOut = 'Login timed out';

/** Waits for a prompt, watching the kernel on the way, and logs in when the block says how. */
export const loginAction: ActionSpec = {
  name: 'login-action',
  summary: 'login action',
  description: 'wait for a prompt and log in',
  async run(a) {
    const connection = a.needConnection();
    const prompts = promptList(a.parameters['prompts']);
    const login = isMapping(a.parameters['auto_login']) ? a.parameters['auto_login'] : undefined;
    for (const prompt of prompts) {
      if (!/[\\:]/.test(prompt)) a.log.warning(`The prompt '${prompt}' may also match the messages of a booting system: ':' or an escaped character would make it safer`);
    }
    const found = await waitForBoot(a, connection, [...prompts, ...(login ? [asText(login['login_prompt']), loginIncorrect] : [])]);
    connection.prompts = prompts;
    if (login) await logIn(a, connection, login, prompts);
    if (found.length > 0) a.results['extra'] = found.map((m) => ({ ...m }));
    else if (!a.parameters['ignore_kernel_messages']) a.results['success'] = 'No kernel warnings or errors detected.';
  },
};

async function waitForBoot(a: Action, connection: Connection, patterns: readonly Pattern[]): Promise<KernelMessage[]> {
  const wait = (all: readonly Pattern[]) => expectForced(a, connection, all);
  if (a.parameters['ignore_kernel_messages'] || connection.tags.includes('ssh-session')) {
    await wait(patterns);
    return [];
  }
  const found: KernelMessage[] = [];
  const failureMessage = a.parameters['failure_message'];
  const started = monotonicMs();
  let result = 'fail';
  try {
    await passKernelMessages(a, connection, { patterns, found, wait, ...(failureMessage !== undefined && { failureMessage: asText(failureMessage) }) });
    result = 'pass';
  } finally {
    a.log.results({
      definition: 'lava', namespace: a.namespace, case: 'kernel-messages', level: a.level,
      duration: ((monotonicMs() - started) / 1000).toFixed(2), result, extra: { extra: found.map((m) => ({ ...m })) },
    });
  }
  return found;
}

async function logIn(a: Action, connection: Connection, login: Mapping, prompts: readonly string[]): Promise<void> {
  const delayMs = characterDelay(a);
  const wait = async (more: readonly string[]): Promise<string> => {
    const all = [...prompts, ...more];
    connection.prompts = all;
    const match = await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    return all[match.index] as string;
  };
  await connection.sendLine(asText(login['username']), { delayMs });
  if (login['password_prompt'] !== undefined) {
    const passwordPrompt = asText(login['password_prompt']);
    if ((await wait([passwordPrompt, loginTimedOut])) === loginTimedOut) {
      throw new JobError('Password prompt not matched, please update the job definition with the correct one.', { code: 'password-prompt' });
    }
    await connection.sendLine(asText(login['password']), { delayMs });
  }
  const answer = await wait([loginIncorrect, loginTimedOut]);
  if (answer === loginIncorrect || answer === loginTimedOut) throw new JobError(answer, { code: 'login-failed' });
  connection.prompts = prompts;
  for (const command of Array.isArray(login['login_commands']) ? login['login_commands'] : []) {
    await connection.sendLine(asText(command), { delayMs });
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  }
}
