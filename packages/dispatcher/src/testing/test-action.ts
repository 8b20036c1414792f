import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from '@lava/job';
import { Journal } from '../log/journal.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { LiveAction } from '../pipeline/live-action.ts';
import { runAction } from '../pipeline/run-action.ts';
import { JobRuntime } from '../pipeline/runtime.ts';

/** An action of a job without other actions; its temporary files go below `folder`. */
export function testAction(folder: string, options: { spec?: ActionSpec; context?: Partial<JobContext>; records?: LogRecord[] } = {}): LiveAction {
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  const log = new Journal({ listener: (record) => options.records?.push(record) });
  const runtime = new JobRuntime(log, 60);
  const environment = Object.fromEntries(Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined));
  const job: JobContext = {
    id: '1', definition: { timeouts: { job: { minutes: 1 }, action: { minutes: 1 } } }, device: {}, dispatcher: {}, deviceEnvironment: {}, environment, scratch, dispatcherIp: '127.0.0.1',
    log, consoles: runtime, tests: new Map(), ...options.context,
  };
  const action = new LiveAction(options.spec ?? { name: 'test-action', summary: 'a test' }, { job, runtime, section: 'deploy', level: '1', parameters: { namespace: 'common' } });
  action.clock.begin(Infinity);
  return action;
}

/** Runs an action as the pipeline does. */
export function runTestAction(a: LiveAction): Promise<void> {
  return runAction(a);
}
