import { JobError } from '@lava/base';
import { asText } from '../text/as-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import { overlayFolder, preTestCommands, resultsFolder } from '../pipeline/namespace-data.ts';
import { definitionsOf } from '../overlay/definitions.ts';
import { textList } from '../overlay/definition-file.ts';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { ExpectedCases } from './expected.ts';
import { ShellSession } from './shell-session.ts';

/** Milliseconds for the answer of a command whose status is asked for. */
const statusTimeoutMs = 15_000;

/** Test definitions, run by a shell on the device. */
export const definitions: Method = {
  name: 'lava-test-shell',
  accepts(_job, parameters) {
    if (parameters['definitions'] === undefined) return '"definitions" not in parameters';
    if (parameters['docker'] !== undefined) return '"docker" in parameters';
    return true;
  },
  build: (job, parameters) => (job.multinode ? multinodeTest(job, parameters) : {
    name: 'lava-test-retry',
    summary: 'Retry support for Lava Test Shell',
    description: 'Retry wrapper for lava-test-shell',
    retry: true,
    timeoutError: 'test-shell',
    children: [testShell(job, parameters)],
  }),
};

/** In a group a test is not tried again: the others would not know. */
function multinodeTest(job: JobContext, parameters: Parameters): ActionSpec {
  return { ...testShell(job, parameters), name: 'multinode-test', summary: 'Multinode Lava Test Shell', timeoutError: 'Test' };
}

/** The runner of a block's definitions, on the connection and with the overlay of its action's namespace. */
export function testShell(job: JobContext, parameters: Parameters): ActionSpec {
  const stage = Number(parameters['stage'] ?? 0);
  const namespace = asText(parameters['namespace'] ?? 'common');
  const listed = definitionsOf(job, namespace).filter((entry) => entry.stage === stage && Array.isArray(entry.block['expected']));
  const expected = new Map<string, ExpectedCases>();
  return {
    name: 'lava-test-shell',
    summary: 'Lava Test Shell',
    description: 'Executing lava-test-runner',
    timeoutError: 'test-shell',
    async run(a) {
      const connection = a.needConnection();
      const root = a.get(resultsFolder);
      if (root === undefined || a.get(overlayFolder) === undefined) {
        throw new JobError("Nothing to run. Maybe the 'deploy' stage is missing, otherwise this is a bug which should be reported.", { code: 'nothing-to-run' });
      }
      for (const { runId, block } of listed) expected.set(runId, new ExpectedCases(textList(block['expected'])));
      a.log.debug(`Using namespace: ${a.namespace}`);
      await prepareShell(a, root);
      await connection.sendLine(`${root}/bin/lava-test-runner ${root}/${stage}`, { delayMs: characterDelay(a) });
      await new ShellSession(a, stage, expected, namespace).follow(connection);
    },
    async cleanup(a) {
      // Without an overlay no test was ever near.
      if (a.get(overlayFolder) === undefined) return;
      for (const { runId, block } of listed) {
        if (!expected.has(runId)) expected.set(runId, new ExpectedCases(textList(block['expected'])));
        expected.get(runId)?.recordMissing(a.log, runId, a.level);
      }
    },
  };
}

/** Makes sure that a shell listens, and gives it the environment of the overlay. */
async function prepareShell(a: Action, root: string): Promise<void> {
  const connection = a.needConnection();
  const delayMs = characterDelay(a);
  const prompt = () => connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  const type = async (line: string) => {
    await connection.sendLine(line, { delayMs });
    await prompt();
  };
  await type('#');
  a.log.debug(`Using ${root}`);
  for (const line of a.get(preTestCommands) ?? []) await type(line);
  await type(`export SHELL=${asText(a.constant('lava_test_sh_cmd', 'posix'))}`);

  const source = `. ${root}/environment`;
  await connection.sendLine(`${source} ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"`, { delayMs });
  const answer = await connection.expect([/<LAVA_SIGNAL_RETRUNCODE (\d+)>/], { timeoutMs: Math.min(statusTimeoutMs, a.remainingMs()), signal: a.signal })
    .catch((error: unknown) => {
      if (error instanceof JobError) throw new JobError(`Failed to check '${source}' return code!`, { code: 'environment', cause: error });
      throw error;
    });
  const status = answer.captures[0] ?? '';
  if (status !== '0') throw new JobError(`'${source}' failed with return code ${status}!`, { code: 'environment' });
  await prompt();
}
