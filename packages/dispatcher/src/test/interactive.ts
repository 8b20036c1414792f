import { InfrastructureError, JobError, LavaError, TestError, monotonicMs, sleep } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';
import { textList } from '../overlay/definition-file.ts';
import { pythonText } from '../text/shell-text.ts';
import type { Action, Method, Parameters } from '../pipeline/action.ts';
import { ExpectedCases } from './expected.ts';
import { groupStep, runGroupStep } from './group-step.ts';

const goodName = /^[\w.-]+$/;

/** Commands typed one by one, each with its answers: for bootloaders, and shells that have no overlay. */
export const interactive: Method = {
  name: 'lava-test-interactive',
  accepts: (_job, parameters) => (parameters['interactive'] === undefined ? '"interactive" not in parameters' : true),
  build: (_job, parameters) => ({
    name: 'lava-test-interactive-retry',
    summary: 'Retry support for Lava Test Interactive',
    description: 'Retry wrapper for lava-test-interactive',
    retry: true,
    timeoutError: 'test-shell',
    children: [{
      name: 'lava-test-interactive',
      summary: 'Lava Test Interactive',
      description: 'Executing lava-test-interactive',
      timeoutError: 'test-shell',
      validate(a) { for (const problem of problemsOf(parameters, a.job.multinode !== undefined)) a.error(problem); },
      async run(a) {
        for (const script of scriptsOf(parameters)) await runScript(a, script, Number(parameters['stage'] ?? 0));
      },
    }],
  }),
};

const scriptsOf = (parameters: Parameters): Mapping[] => (Array.isArray(parameters['interactive']) ? parameters['interactive'].filter(isMapping) : []);
const stepsOf = (script: Mapping): Mapping[] => (Array.isArray(script['script']) ? script['script'].filter(isMapping) : []);
const messagesOf = (value: unknown): Mapping[] => (Array.isArray(value) ? value.filter(isMapping) : []);

function problemsOf(parameters: Parameters, inGroup: boolean): string[] {
  if (!Array.isArray(parameters['interactive'])) return ["'interactive' should be a list of scripts"];
  const problems: string[] = [];
  for (const script of scriptsOf(parameters)) {
    const name = pythonText(script['name']);
    if (!goodName.test(name)) problems.push(`Invalid characters found in the name of an interactive test: '${name}'`);
    if (textList(script['prompts']).length === 0) problems.push(`Interactive test '${name}' has no 'prompts'`);
    for (const step of stepsOf(script)) {
      const call = groupStep(step);
      if (call !== undefined) {
        if (!inGroup) problems.push(`'${call}' in interactive test '${name}' needs a multinode job`);
      } else if (!('delay' in step) && !('command' in step)) problems.push(`A step of interactive test '${name}' has neither 'command' nor 'delay'`);
    }
  }
  return problems;
}

async function runScript(a: Action, script: Mapping, stage: number): Promise<void> {
  const suite = pythonText(script['name']);
  const prompts = textList(script['prompts']);
  const connection = a.needConnection();
  const started = monotonicMs();
  const expected = Array.isArray(script['expected']) ? new ExpectedCases(textList(script['expected'])) : undefined;
  const values = placeholders(a);
  connection.prompts = prompts;
  let result = 'fail';
  try {
    const seconds = Math.min(a.timeout, a.connectionTimeout);
    a.log.info(`Test interactive timeout: ${seconds}s (minimum of the action and connection timeout)`);
    for (const step of stepsOf(script)) {
      if ('delay' in step) {
        a.log.info(`Delaying for ${pythonText(step['delay'])}s`);
        await sleep(Math.max(0, Number(asText(step['delay'])) || 0) * 1000, a.signal);
      } else if (groupStep(step) !== undefined) await runGroupStep(a, step, values, (text) => fill(text, values));
      else await runStep(a, step, { suite: `${stage}_${suite}`, prompts, values, discardEcho: script['echo'] === 'discard', expected });
    }
    result = 'pass';
  } finally {
    expected?.recordMissing(a.log, `${stage}_${suite}`, a.level);
    a.log.results({ definition: 'lava', case: `${stage}_${suite}`, result, duration: secondsSince(started) });
  }
}

/** Names that commands may use in braces. */
function placeholders(a: Action): Map<string, string> {
  const values = new Map([['JOB_ID', a.job.id], ['SERVER_IP', a.job.dispatcherIp]]);
  for (const [label, { file }] of a.get(downloadedFiles) ?? []) values.set(label.toUpperCase(), file);
  return values;
}

interface StepContext {
  readonly suite: string;
  readonly prompts: readonly string[];
  readonly values: Map<string, string>;
  readonly discardEcho: boolean;
  readonly expected: ExpectedCases | undefined;
}

async function runStep(a: Action, step: Mapping, { suite, prompts, values, discardEcho, expected }: StepContext): Promise<void> {
  const connection = a.needConnection();
  const { log } = a;
  const started = monotonicMs();
  const typed = step['command'];
  let result = 'fail';
  try {
    if (typed === null || typed === undefined) log.info('Sending nothing, waiting');
    else {
      const command = fill(pythonText(typed), values);
      log.info(`Sending '${command}'`);
      await connection.sendLine(command, { delayMs: characterDelay(a) });
      if (discardEcho) await connection.expect([/\n/], waiting(a));
    }
    result = await waitForAnswer(a, step, prompts, values);
  } finally {
    if (step['name'] !== undefined) {
      const name = pythonText(step['name']);
      log.results({ definition: suite, case: name, result: expected?.check(name, result, log) ?? result, duration: secondsSince(started) });
    }
  }
  if (result === 'fail' && step['name'] === undefined) throw new TestError(`Failed to run command '${pythonText(typed)}'`, { code: 'interactive-command' });
}

async function waitForAnswer(a: Action, step: Mapping, prompts: readonly string[], values: Map<string, string>): Promise<'pass' | 'fail'> {
  const connection = a.needConnection();
  const { log } = a;
  const failures = messagesOf(step['failures']);
  const successes = messagesOf(step['successes']);
  const patterns = [...prompts, ...failures.map((f) => pythonText(f['message'])), ...successes.map((s) => pythonText(s['message']))];
  log.debug(`Waiting for ${patterns.map((pattern) => `'${pattern}'`).join(', ')}`);
  const match = await connection.expect(patterns, waiting(a));
  const pattern = patterns[match.index] ?? '';
  if (match.index < prompts.length) {
    if (successes.length === 0) {
      log.debug(`Matched a prompt: '${pattern}'`);
      return 'pass';
    }
    log.error(`Matched a prompt (was expecting a success): '${pattern}'`);
    return 'fail';
  }
  const failure = failures[match.index - prompts.length];
  if (failure) {
    log.error(`Matched a failure: '${pattern}'`);
    if (failure['exception'] !== undefined) throw exceptionOf(failure);
  } else {
    log.info(`Matched a success: '${pattern}'`);
    for (const [name, value] of Object.entries(match.groups)) if (value !== undefined) values.set(name, value);
  }
  if (step['wait_for_prompt'] !== false) {
    const prompt = await connection.expect(prompts, waiting(a));
    log.debug(`Matched a prompt: '${prompts[prompt.index] ?? ''}'`);
  }
  return failure ? 'fail' : 'pass';
}

/** Nothing but the action's own timeout ends a wait. */
const waiting = (a: Action) => ({ timeoutMs: a.remainingMs() + 1000, signal: a.signal });

function exceptionOf(failure: Mapping): LavaError {
  const text = pythonText(failure['error'] ?? failure['message']);
  const options = { code: 'interactive-failure' };
  switch (failure['exception']) {
    case 'InfrastructureError': return new InfrastructureError(text, options);
    case 'JobError': return new JobError(text, options);
    default: return new TestError(text, options);
  }
}

/** `{NAME}` of what is known; anything else in braces stays. */
function fill(command: string, values: ReadonlyMap<string, string>): string {
  return command.replace(/\{([^{}]+)\}/g, (whole, name: string) => values.get(name) ?? whole);
}

const secondsSince = (startedMs: number) => ((monotonicMs() - startedMs) / 1000).toFixed(2);
