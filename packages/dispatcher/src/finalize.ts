import { mappingAt, timeoutSeconds } from '@lava/job';
import { powerOff } from './power/power-off.ts';
import type { Action, ActionSpec } from './pipeline/action.ts';
import type { JobRuntime } from './pipeline/runtime.ts';

/** Seconds of silence that end the reading of what a device still says; `timeouts.connections.read-feedback` overrides. */
const defaultFeedbackSeconds = 1;
/** A device that never falls silent is listened to for so many times that time. */
const longestFeedback = 3;

/** The end of every job: the device is switched off, what it still says is logged, connections are closed. */
export function finalize(runtime: JobRuntime): ActionSpec {
  return { name: 'finalize', summary: 'finalize the job', description: 'finish the process and cleanup', children: [powerOff, readFeedback(runtime)], defaultTimeout: 60 };
}

function readFeedback(runtime: JobRuntime): ActionSpec {
  return {
    name: 'read-feedback',
    summary: 'read and close all connections',
    description: 'log what the devices still print, then end every connection',
    async run(a) {
      const seconds = timeoutSeconds(mappingAt(a.job.definition, 'timeouts', 'connections')?.['read-feedback'], defaultFeedbackSeconds);
      for (const [namespace, connection] of runtime.connections) {
        a.log.info(`Finalising connection for namespace '${namespace}'`);
        await finalizeConnection(a, connection, seconds);
      }
      runtime.connections.clear();
    },
  };
}

async function finalizeConnection(a: Action, connection: NonNullable<Action['connection']>, quietSeconds: number): Promise<void> {
  // A QEMU guest is asked to power off while its connection closes; there is nothing to listen to before.
  if (connection.alive && !connection.tags.includes('qemu')) await connection.drain(quietSeconds * 1000, Math.min(longestFeedback * quietSeconds * 1000, a.remainingMs()));
  await connection.close();
}
