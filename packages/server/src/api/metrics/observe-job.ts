import { isMapping, jobHealths } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import type { ActionBlock } from '../../jobs/action-blocks.ts';
import { boots, failures, jobDuration, queueWait, retries, startLatency, type Observation } from './stored-metrics.ts';

/** What is stored of an attempt that came to its end. */
export interface EndedAttempt {
  readonly deviceType: string | null;
  readonly device: string | null;
  readonly errorType: string | null;
  readonly definition: string;
  readonly blocks: readonly ActionBlock[];
}

/** What is stored of a finished job and its last attempt. Times are seconds. */
export interface FinishedJob extends EndedAttempt {
  readonly health: number;
  /** From the submission to the first attempt; null if there was none. */
  readonly waited: number | null;
  /** From the last attempt to its start. */
  readonly latency: number | null;
  readonly ran: number | null;
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
  return [...observed, ...observeBoots(job, health === 'Canceled')];
}

/** What monitoring learns from an attempt after which the job was tried again; without an error type, for another one's sake. */
export function observeRetried(attempt: EndedAttempt): Observation[] {
  const { deviceType, errorType } = attempt;
  return [
    ...errorType === null ? [] : [{ metric: retries, labels: { device_type: deviceType ?? '', outcome: errorType } }],
    ...observeBoots(attempt, errorType === null),
  ];
}

/** How the boot blocks ended that the attempt came to. One that was canceled tells nothing of a boot that was not done. */
function observeBoots({ deviceType, device, definition, blocks }: EndedAttempt, canceled: boolean): Observation[] {
  if (device === null) return [];
  const kinds = blockKinds(definition);
  return blocks.filter((b) => kinds[Number(b.level) - 1] === 'boot').flatMap(({ ended, failed }) => {
    const passed = ended && !failed;
    return canceled && !passed ? [] : [{ metric: boots, labels: { device_type: deviceType ?? '', device, outcome: passed ? 'pass' : 'fail' } }];
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
