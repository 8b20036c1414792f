import { isMapping, mappingAt, priorities, readRetryPolicy, type RetryPolicy } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { storableJson } from '../store/json.ts';

/** What the server keeps of a definition in columns of its own, to show lists. */
export interface Wanted {
  readonly name: string;
  readonly priority: number;
  readonly visibility: 'public' | 'personal' | { readonly groups: readonly string[] };
  readonly metadata: string;
  /** Seconds in the queue before the job gives up; null: the server's default. */
  readonly queueTimeout: number | null;
  /** When it is tried again; undefined: the server's default. */
  readonly retry: RetryPolicy | undefined;
  /** Devices that it needs: one, or as many kinds as a multinode job has roles. */
  readonly places: readonly WantedPlace[];
}

/** A kind of device that a job or a role of it needs. */
export interface WantedPlace {
  /** Undefined for a job that is not multinode. */
  readonly role: string | undefined;
  readonly count: number;
  readonly deviceType: string;
  readonly device: string | null;
  readonly worker: string | null;
  readonly tags: readonly string[];
  /** Where the definition says so. */
  readonly path: readonly string[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** Reads a definition that passed `checkJob`. */
export function readWanted(definition: Mapping): Wanted {
  const { visibility, timeouts } = definition as { visibility: unknown; timeouts?: Mapping };
  return {
    name: textOf(definition, 'job_name') ?? '',
    priority: priorityOf(definition['priority']),
    visibility: visibility === 'public' || visibility === 'personal' ? visibility : { groups: ((visibility as { group?: unknown[] } | null)?.group ?? []).map(String) },
    metadata: storableJson(definition['metadata'] ?? {}),
    queueTimeout: queueSeconds(timeouts?.['queue']),
    retry: readRetryPolicy(definition['retry']),
    places: placesOf(definition),
  };
}

function placesOf(definition: Mapping): WantedPlace[] {
  const roles = mappingAt(definition, 'protocols', 'lava-multinode', 'roles');
  if (!roles) return [placeOf(definition, undefined, 1, [])];
  return Object.entries(roles).flatMap(([role, keys]) => (isMapping(keys) && keys['connection'] === undefined
    ? [placeOf(keys, role, Number(keys['count'] ?? 0), ['protocols', 'lava-multinode', 'roles', role])] : []));
}

function placeOf(keys: Mapping, role: string | undefined, count: number, path: readonly string[]): WantedPlace {
  const tags = keys['tags'];
  return {
    role, count, path, deviceType: textOf(keys, 'device_type') ?? '', device: textOf(keys, 'device'), worker: textOf(keys, 'worker'),
    tags: [...new Set((Array.isArray(tags) ? tags : []).map(String))],
  };
}

const textOf = (mapping: Mapping, key: string) => (typeof mapping[key] === 'string' ? plain(mapping[key]) : null);

/** The definition as it goes to workers: no comments, no anchors, keys in their order. */
export function normalised(text: string): string {
  return dumpYaml(loadYaml(text, { exact: true }));
}

function priorityOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return priorities[String(value ?? 'medium').toLowerCase() as keyof typeof priorities] ?? priorities.medium;
}

function queueSeconds(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const { days = 0, hours = 0, minutes = 0, seconds = 0 } = value as Record<string, number>;
  const sum = days * 86_400 + hours * 3600 + minutes * 60 + seconds;
  return sum > 0 && Number.isFinite(sum) ? Math.min(Math.ceil(sum), 2 ** 31 - 1) : null;
}

/** PostgreSQL takes no NUL in texts. */
const plain = (text: string) => text.replaceAll('\0', '\uFFFD');
