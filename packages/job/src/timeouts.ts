import { mappingAt, type Mapping } from './mapping.ts';

/** What a timeout without a value lasts, in seconds. */
export const defaultTimeout = 30;

const units = { days: 86_400, hours: 3600, minutes: 60, seconds: 1 } as const;

/**
 * Seconds of a timeout mapping such as `{minutes: 5}`: all units added, whole seconds. Nothing, no known unit or a sum of
 * zero gives `fallback`. Values that are no numbers count as zero (the check of the definition reports them).
 */
export function timeoutSeconds(mapping: unknown, fallback = defaultTimeout): number {
  if (typeof mapping !== 'object' || mapping === null) return fallback;
  let seconds = 0;
  for (const [unit, size] of Object.entries(units)) {
    const given = (mapping as Mapping)[unit];
    const value = typeof given === 'object' ? 0 : Number(given ?? 0);
    if (Number.isFinite(value) && value > 0) seconds += value * size;
  }
  return Math.floor(seconds) || fallback;
}

/** Seconds the whole job may take, from the start of its pipeline. */
export function jobTimeout(job: Mapping): number {
  return timeoutSeconds(mappingAt(job, 'timeouts')?.['job']);
}

/** Seconds the job may wait for a device, or undefined for no limit of its own. */
export function queueTimeout(job: Mapping): number | undefined {
  const queue = mappingAt(job, 'timeouts')?.['queue'];
  return timeoutSeconds(queue, 0) || undefined;
}

interface ActionTimeoutArgs {
  /** Name of the action in the pipeline: `http-download`. */
  readonly name: string;
  readonly job: Mapping;
  readonly device: Mapping;
  /** Parameters of the deploy, boot, test or command block that the action belongs to. */
  readonly block?: Mapping;
  /** The action's parent; its time is shared among its attempts. Seconds. */
  readonly parent?: { readonly timeout: number; readonly maxRetries: number };
  /** Seconds if nobody says otherwise. Default: 30. */
  readonly initial?: number;
}

/**
 * Seconds one action may take: the last of these that is present — the job's `timeouts.action`, the device's
 * `timeouts.actions.<name>`, the block's `timeout`, the parent's share for one attempt, the job's
 * `timeouts.actions.<name>`, the block's `timeouts.<name>`. A named timeout is not divided among attempts.
 */
export function actionTimeout({ name, job, device, block, parent, initial = defaultTimeout }: ActionTimeoutArgs): number {
  const ofJob = mappingAt(job, 'timeouts');
  let seconds = initial;
  const apply = (mapping: unknown) => { if (mapping !== undefined && mapping !== null) seconds = timeoutSeconds(mapping); };
  apply(ofJob?.['action']);
  apply(mappingAt(device, 'timeouts', 'actions')?.[name]);
  apply(block?.['timeout']);
  if (parent && parent.maxRetries > 1) seconds = Math.floor(parent.timeout / parent.maxRetries);
  apply(mappingAt(ofJob, 'actions')?.[name]);
  apply(mappingAt(block, 'timeouts')?.[name]);
  return seconds;
}

interface ConnectionTimeoutArgs {
  readonly name: string;
  readonly job: Mapping;
  readonly device: Mapping;
  readonly block?: Mapping;
  /** Seconds if nobody says otherwise. Default: 30. */
  readonly initial?: number;
}

/**
 * Seconds a single wait on the device's connection may take: the last that is present of the job's `timeouts.connection`,
 * the device's `timeouts.connections.<name>`, the job's `timeouts.connections.<name>`, the block's `connection_timeout`.
 */
export function connectionTimeout({ name, job, device, block, initial = defaultTimeout }: ConnectionTimeoutArgs): number {
  const ofJob = mappingAt(job, 'timeouts');
  const candidates = [
    block?.['connection_timeout'], mappingAt(ofJob, 'connections')?.[name], mappingAt(device, 'timeouts', 'connections')?.[name], ofJob?.['connection'],
  ];
  const chosen = candidates.find((c) => c !== undefined && c !== null);
  return chosen === undefined ? initial : timeoutSeconds(chosen);
}
