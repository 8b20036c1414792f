import { isMapping, jobHealths } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { boots, failures, jobDuration, queueWait, startLatency, type Observation } from './stored-metrics.ts';

/** What is stored of a finished job. Times are seconds. */
export interface FinishedJob {
  readonly id: number;
  readonly deviceType: string | null;
  readonly device: string | null;
  readonly health: number;
  readonly errorType: string | null;
  readonly definition: string;
  /** From the submission to the first attempt; null if there was none. */
  readonly waited: number | null;
  /** From the last attempt to its start. */
  readonly latency: number | null;
  readonly ran: number | null;
  /** The actions of the first level, as far as the job came. */
  readonly blocks: readonly { readonly level: string; readonly ended: boolean; readonly failed: boolean }[];
}

/** What monitoring learns from one finished job. */
export function observeJob(job: FinishedJob): Observation[] {
  const device_type = job.deviceType ?? '';
  const health = jobHealths[job.health] ?? 'Unknown';
  const observed: Observation[] = [];
  const time = (metric: Observation['metric'], value: number | null, outcome?: string) => {
    // A clock that was set back makes no time negative.
    if (value !== null) observed.push({ metric, labels: { device_type, ...(outcome !== undefined && { outcome }) }, value: Math.max(0, value) });
  };
  time(queueWait, job.waited);
  time(startLatency, job.latency);
  time(jobDuration, job.ran, health);
  if (health === 'Incomplete') observed.push({ metric: failures, labels: { device_type, outcome: job.errorType || 'unknown' } });
  if (job.device !== null) {
    for (const outcome of bootOutcomes(job, health === 'Canceled')) observed.push({ metric: boots, labels: { device_type, device: job.device, outcome } });
  }
  return observed;
}

/** How the boot blocks ended that the job came to: block N of the definition is the action of level N. */
function bootOutcomes({ definition, blocks }: FinishedJob, canceled: boolean): string[] {
  const kinds = blockKinds(definition);
  return blocks.filter((b) => kinds[Number(b.level) - 1] === 'boot').flatMap(({ ended, failed }) => {
    if (ended && !failed) return ['pass'];
    return canceled ? [] : ['fail'];
  });
}

function blockKinds(definition: string): (string | undefined)[] {
  try {
    const actions = (loadYaml(definition) as { actions?: unknown } | null)?.actions;
    return Array.isArray(actions) ? actions.map((block: unknown) => (isMapping(block) ? Object.keys(block)[0] : undefined)) : [];
  } catch {
    return []; // an imported job may hold any text
  }
}
