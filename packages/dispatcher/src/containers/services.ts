import { InfrastructureError } from '@lava/base';
import type { Action } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';

const running = new WeakMap<JobContext, Map<string, readonly string[]>>();

/** Test services that a job has started: by project, the command line that stops it. */
export function runningServices(job: JobContext): Map<string, readonly string[]> {
  const known = running.get(job) ?? new Map<string, readonly string[]>();
  running.set(job, known);
  return known;
}

/** `docker compose`, or the older program of that name. @throws InfrastructureError when the worker has neither */
export async function composeCommand(a: Action): Promise<string[]> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    if ((await a.exec([...command, 'version'], { quiet: true, allowFail: true })).status === 0) return command;
  }
  throw new InfrastructureError("Cannot find command 'docker compose' or 'docker-compose' on the worker", { code: 'program-missing', hint: 'Install docker-compose (or the plug-in compose of Docker) on the worker.' });
}

/** Stops a test service, if it has not been stopped yet. */
export async function stopService(a: Action, project: string): Promise<void> {
  const command = runningServices(a.job).get(project);
  if (!command) return;
  runningServices(a.job).delete(project);
  a.log.debug(`Stopping test service ${project}`);
  await a.exec(command, { allowFail: true });
}

/** Stops all test services of the job (the command `stop_test_services`). */
export async function stopServices(a: Action): Promise<void> {
  for (const project of runningServices(a.job).keys()) await stopService(a, project);
}
