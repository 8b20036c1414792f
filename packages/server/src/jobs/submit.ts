import { sql, type Kysely } from 'kysely';
import { checkJob, maskedSecrets, withSecrets } from '@lava/job';
import { loadYamlWithPositions } from '@lava/yaml';
import { usersById, type User } from '../auth/users.ts';
import { checkNotify } from '../notify/check-notify.ts';
import { SubmitError, type SubmitErrorKind, type SubmitProblem, type Submitted, type Submitter } from '../services.ts';
import type { Database } from '../store/database.ts';
import { readWanted } from './definition.ts';
import { findDevices } from './find-devices.ts';
import { groupIds, type Accepted } from './insert-jobs.ts';
import type { SubmissionStore } from './submission-store.ts';
import { policyFor, usualRetries, type RetrySettings } from './retry-settings.ts';

export interface SubmitSettings {
  /** Variables that may stand in `context` beside LAVA's. */
  readonly contextVariables: readonly string[];
  /** Seconds in the queue when the definition says nothing; null: no limit. */
  readonly queueTimeout: number | null;
  /** Most jobs that one user may have in the queue; without it there is no limit. */
  readonly queueLimit?: number | null;
  readonly retries?: RetrySettings;
}

interface Checked {
  readonly problems: readonly SubmitProblem[];
  /** Present when nothing is wrong. */
  readonly accepted?: Accepted;
  readonly kind: SubmitErrorKind;
}

/** All that is wrong with a definition, here and now. Without a user, what depends on one is not checked. Never throws for any text. */
export async function checkDefinition(db: Kysely<Database>, text: string, settings: SubmitSettings, user: User | null): Promise<Checked> {
  const { problems, definition } = checkJob(text, { contextVariables: settings.contextVariables });
  if (!definition) return { problems, kind: problems.some((p) => p.code.startsWith('yaml')) ? 'yaml' : 'schema' };
  const wanted = readWanted(definition);
  const refuse = (kind: SubmitErrorKind, problem: Omit<SubmitProblem, 'severity' | 'path'>, path: readonly (string | number)[]): Checked =>
    ({ kind, problems: [placed(text, { severity: 'error', ...problem, path }), ...problems] });
  if (wanted.places.some((p) => p.deviceType === '')) return refuse('schema', { code: 'missing-key', message: 'device_type is missing', upstream: "'device_type'" }, []);
  if (wanted.places.every((p) => p.count === 0)) return refuse('data', { code: 'empty-group', message: 'A multinode job needs at least one job with a device' }, ['protocols', 'lava-multinode', 'roles']);
  const [hidden] = maskedSecrets(definition);
  if (hidden !== undefined) {
    return refuse('data', { code: 'masked-secret', message: `The value of the secret '${hidden}' is missing`, hint: 'Write it here: definitions that are read from a server have no secrets.' }, ['secrets', hidden]);
  }
  const found = await findDevices(db, wanted.places, user);
  if ('missing' in found) {
    const { kind, key, code, message, hint } = found.missing;
    return refuse(kind, { code, message, hint }, [...found.place.path, key]);
  }
  if (typeof wanted.visibility === 'object' && wanted.visibility.groups.length > 0 && (await groupIds(db, wanted.visibility.groups)).length === 0) {
    return refuse('data', { code: 'unknown-groups', message: 'No known groups were found in the visibility list.' }, ['visibility', 'group']);
  }
  const told = (await checkNotify(db, definition, user)).map((problem) => placed(text, problem));
  if (told.some((p) => p.severity === 'error')) return { kind: 'data', problems: [...told, ...problems] };
  const { limit } = settings.retries ?? usualRetries;
  if (wanted.retry && wanted.retry.count > limit) {
    told.push(placed(text, { severity: 'warning', code: 'retry-limit', message: `This server tries a job again at most ${limit} times`, path: ['retry', 'count'], hint: 'Lower the count; an admin can raise the limit.' }));
  }
  return { problems: [...problems, ...told], accepted: { text, wanted, found }, kind: 'data' };
}

/** A problem with its place in the text. */
function placed(text: string, problem: SubmitProblem): SubmitProblem {
  const at = loadYamlWithPositions(text).position(problem.path);
  return { ...problem, line: at?.line, column: at?.column, endColumn: at?.endColumn };
}

/** Checks and stores a definition, all jobs of a group or none. Throws SubmitError with everything that is wrong. */
export async function submitJobs(db: Kysely<Database>, store: SubmissionStore, text: string, submitter: Submitter | User, settings: SubmitSettings): Promise<Submitted> {
  const user = 'permissions' in submitter ? submitter : (await usersById(db, [submitter.id])).get(submitter.id) ?? null;
  const { problems, accepted, kind } = await checkDefinition(db, text, settings, user);
  if (!accepted) throw new SubmitError(kind, problems);
  const closed = submitter.deviceTypes && accepted.wanted.places.find((place) => !submitter.deviceTypes!.includes(place.deviceType));
  if (closed) {
    throw new SubmitError('unavailable', [{
      severity: 'error', code: 'token-device-type', message: `This token may not submit to '${closed.deviceType}'`, path: [...closed.path, 'device_type'], hint: `It may to: ${submitter.deviceTypes!.join(', ')}.`,
    }, ...problems]);
  }
  const defaults = { queueTimeout: settings.queueTimeout, retry: policyFor(accepted.wanted.retry, settings.retries ?? usualRetries) };
  const jobs = await store.store({ accepted, submitter, defaults }).catch((error: unknown) => {
    throw error instanceof SubmitError ? new SubmitError(error.kind, [...error.problems, ...problems]) : error;
  });
  return { ids: jobs.map((j) => j.id), names: jobs.map((j) => (j.subId === '' ? j.id : j.subId)), warnings: problems };
}

/**
 * The text that a job was submitted as: of one of a multinode group that of the whole group. Its secrets are in it for who
 * submitted it only. Undefined if there is no such job.
 */
export async function submittedText(db: Kysely<Database>, job: number, user: Pick<Submitter, 'id'>): Promise<string | undefined> {
  const { rows: [row] } = await sql<{ text: string; secrets: string | null }>`
    select coalesce(nullif(multinode_definition, ''), original_definition) as text, case when submitter = ${user.id} then secrets end as secrets
    from jobs left join job_secrets on job = id where id = ${job}`.execute(db);
  return row && (row.secrets === null ? row.text : withSecrets(row.text, row.secrets));
}
