import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';

/** When somebody is told. */
export interface Criteria {
  readonly status: 'running' | 'finished' | 'all' | 'complete' | 'incomplete' | 'canceled';
  readonly type: 'regression' | 'progression' | undefined;
  /** Conditions of a query: all jobs that meet them must be as far. */
  readonly dependencyQuery: string | undefined;
}

export interface Recipient {
  readonly method: 'email' | 'irc';
  readonly user: string | undefined;
  readonly email: string | undefined;
  readonly handle: string | undefined;
  readonly server: string | undefined;
}

export interface Callback {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Name of a token, or the token itself. */
  readonly token: string | undefined;
  readonly header: string;
  readonly dataset: 'minimal' | 'logs' | 'results' | 'all';
  readonly contentType: 'json' | 'urlencoded';
}

/** Jobs to compare the results with. */
export interface Comparison {
  /** Conditions of a query, undefined when a saved one was named. */
  readonly conditions: string | undefined;
  /** `~user/name` of a saved query. */
  readonly saved: string | undefined;
  /** Suites and cases to leave out. */
  readonly blacklist: readonly string[];
}

/** What a job definition says under `notify`. */
export interface NotifyBlock {
  readonly criteria: Criteria;
  readonly verbosity: 'verbose' | 'quiet' | 'status-only';
  readonly recipients: readonly Recipient[];
  readonly callbacks: readonly Callback[];
  readonly compare: Comparison | undefined;
}

/** The owner of the device of the job, where a user is named. */
export const deviceOwner = '{LAVA_DEVICE_OWNER}';

/** Reads the block of a definition that passed `checkJob`; undefined without one. */
export function readNotify(definition: string): NotifyBlock | undefined {
  return notifyOf(loadYaml(definition));
}

/** The same of a definition that was read. */
export function notifyOf(definition: unknown): NotifyBlock | undefined {
  const notify = mappingAt(definition, 'notify');
  if (!notify) return undefined;
  const criteria = mappingAt(notify, 'criteria') ?? {};
  const callbacks = isMapping(notify['callback']) ? [notify['callback']] : mappings(notify['callbacks']);
  return {
    criteria: { status: (text(criteria, 'status') ?? 'finished') as Criteria['status'], type: text(criteria, 'type') as Criteria['type'], dependencyQuery: text(criteria, 'dependency_query') },
    verbosity: (text(notify, 'verbosity') ?? 'quiet') as NotifyBlock['verbosity'],
    recipients: mappings(notify['recipients']).flatMap((r) => (isMapping(r['to']) ? [recipientOf(r['to'])] : [])),
    callbacks: callbacks.map(callbackOf),
    compare: isMapping(notify['compare']) ? comparisonOf(notify['compare']) : undefined,
  };
}

const mappings = (value: unknown): Mapping[] => (Array.isArray(value) ? value.filter(isMapping) : []);

function text(mapping: Mapping, key: string): string | undefined {
  const value = mapping[key];
  return value === undefined || value === null ? undefined : String(value);
}

function recipientOf(to: Mapping): Recipient {
  return { method: to['method'] === 'irc' ? 'irc' : 'email', user: text(to, 'user'), email: text(to, 'email'), handle: text(to, 'handle'), server: text(to, 'server') };
}

function callbackOf(callback: Mapping): Callback {
  return {
    url: text(callback, 'url') ?? '', method: callback['method'] === 'POST' ? 'POST' : 'GET', token: text(callback, 'token'), header: text(callback, 'header') ?? 'Authorization',
    dataset: (text(callback, 'dataset') ?? 'minimal') as Callback['dataset'], contentType: callback['content-type'] === 'json' ? 'json' : 'urlencoded',
  };
}

function comparisonOf(compare: Mapping): Comparison {
  const query = mappingAt(compare, 'query') ?? {};
  const conditions = mappingAt(query, 'conditions') ?? {};
  return {
    conditions: query['entity'] === undefined ? undefined : Object.entries(conditions).map(([key, value]) => `${key}__${String(value)}`).join(','),
    saved: query['name'] === undefined ? undefined : `~${text(query, 'username') ?? ''}/${text(query, 'name') ?? ''}`,
    blacklist: (Array.isArray(compare['blacklist']) ? compare['blacklist'] : []).map(String),
  };
}
