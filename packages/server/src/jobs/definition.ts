import { priorities } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { storableJson } from '../store/json.ts';

/** What the server keeps of a definition in columns of its own, to find devices and to show lists. */
export interface Wanted {
  readonly name: string;
  readonly deviceType: string;
  readonly device: string | null;
  readonly worker: string | null;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly visibility: 'public' | 'personal' | { readonly groups: readonly string[] };
  readonly metadata: string;
  /** Seconds in the queue before the job gives up; null: the server's default. */
  readonly queueTimeout: number | null;
  readonly multinode: boolean;
}

type Mapping = Readonly<Record<string, unknown>>;

/** Reads a definition that passed `checkJob`. */
export function readWanted(definition: Mapping): Wanted {
  const { visibility, timeouts, protocols } = definition as { visibility: unknown; timeouts?: Mapping; protocols?: Mapping };
  const text = (key: string) => (typeof definition[key] === 'string' ? plain(definition[key]) : null);
  return {
    name: text('job_name') ?? '', deviceType: text('device_type') ?? '', device: text('device'), worker: text('worker'),
    tags: [...new Set((definition['tags'] as unknown[] | undefined ?? []).map(String))],
    priority: priorityOf(definition['priority']),
    visibility: visibility === 'public' || visibility === 'personal' ? visibility : { groups: ((visibility as { group?: unknown[] } | null)?.group ?? []).map(String) },
    metadata: storableJson(definition['metadata'] ?? {}),
    queueTimeout: queueSeconds(timeouts?.['queue']),
    multinode: protocols?.['lava-multinode'] !== undefined,
  };
}

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
