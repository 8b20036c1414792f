import { sql, type Kysely } from 'kysely';
import { checkJob } from '@lava/job';
import { loadYamlWithPositions } from '@lava/yaml';
import { SubmitError, type SubmitErrorKind, type SubmitProblem } from '../services.ts';
import { change, type Change, type Stored } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { jobHealth, jobState } from '../store/numbers.ts';
import { normalised, readWanted, type Wanted } from './definition.ts';
import { findDevices, type Found } from './find-devices.ts';

export interface SubmitSettings {
  /** Variables that may stand in `context` beside LAVA's. */
  readonly contextVariables: readonly string[];
  /** Seconds in the queue when the definition says nothing; null: no limit. */
  readonly queueTimeout: number | null;
}

interface Checked {
  readonly problems: readonly SubmitProblem[];
  /** Present when nothing is wrong. */
  readonly accepted?: { readonly wanted: Wanted; readonly found: Found };
  readonly kind: SubmitErrorKind;
}

/** All that is wrong with a definition, here and now. Never throws for any text. */
export async function checkDefinition(db: Kysely<Database>, text: string, settings: SubmitSettings): Promise<Checked> {
  const { problems, definition } = checkJob(text, { contextVariables: settings.contextVariables });
  if (!definition) return { problems, kind: problems.some((p) => p.code.startsWith('yaml')) ? 'yaml' : 'schema' };
  const wanted = readWanted(definition);
  const refuse = (kind: SubmitErrorKind, problem: Omit<SubmitProblem, 'severity' | 'path'>, path: readonly (string | number)[]): Checked => {
    const at = loadYamlWithPositions(text).position(path);
    return { kind, problems: [{ severity: 'error', ...problem, path, line: at?.line, column: at?.column, endColumn: at?.endColumn }, ...problems] };
  };
  if (wanted.multinode) return refuse('data', { code: 'multinode', message: 'Multinode jobs are not supported by this version of the server.' }, ['protocols', 'lava-multinode']);
  if (wanted.deviceType === '') return refuse('schema', { code: 'missing-key', message: 'device_type is missing', upstream: "'device_type'" }, []);
  const found = await findDevices(db, wanted);
  if ('code' in found) {
    const { kind, key, code, message, hint } = found;
    return refuse(kind, { code, message, hint }, [key]);
  }
  if (typeof wanted.visibility === 'object' && wanted.visibility.groups.length > 0 && (await groupIds(db, wanted.visibility.groups)).length === 0) {
    return refuse('data', { code: 'unknown-groups', message: 'No known groups were found in the visibility list.' }, ['visibility', 'group']);
  }
  return { problems, accepted: { wanted, found }, kind: 'data' };
}

/** Checks and stores a definition. Throws SubmitError with everything that is wrong. */
export async function submitJob(stored: Stored, text: string, submitter: { id: number; username: string }, settings: SubmitSettings, healthCheck = false): Promise<{ id: number; warnings: readonly SubmitProblem[] }> {
  const { problems, accepted, kind } = await checkDefinition(stored.db, text, settings);
  if (!accepted) throw new SubmitError(kind, problems);
  const id = await change(stored, submitter.username, (c) => insertJob(c, text, accepted, submitter, settings, healthCheck));
  return { id, warnings: problems };
}

async function insertJob(c: Change, text: string, { wanted, found }: { wanted: Wanted; found: Found }, submitter: { id: number; username: string }, settings: SubmitSettings, healthCheck: boolean): Promise<number> {
  const { visibility } = wanted;
  const { rows } = await sql<{ id: number }>`
    insert into jobs (submitter, description, definition, original_definition, metadata, is_public, health_check, requested_device_type,
      requested_device, requested_worker, priority, state, health, queue_timeout)
    values (${submitter.id}, ${wanted.name}, ${normalised(text)}, ${text.replaceAll('\0', '\uFFFD')}, ${wanted.metadata}::jsonb, ${visibility === 'public'}, ${healthCheck},
      ${found.type}, ${found.device}, ${found.worker}, ${wanted.priority}, ${jobState.Submitted}, ${jobHealth.Unknown}, ${wanted.queueTimeout ?? settings.queueTimeout})
    returning id`.execute(c.trx);
  const { id } = rows[0]!;
  if (found.tags.length > 0) await sql`insert into job_tags (job, tag_id) select ${id}, unnest(${found.tags}::int[])`.execute(c.trx);
  if (visibility !== 'public') {
    if (visibility === 'personal') await sql`insert into groups (name) values (${submitter.username}) on conflict do nothing`.execute(c.trx);
    const groups = await groupIds(c.trx, visibility === 'personal' ? [submitter.username] : visibility.groups);
    if (groups.length > 0) await sql`insert into job_groups (job, group_id) select ${id}, unnest(${groups}::int[])`.execute(c.trx);
  }
  c.job(id, jobState.Submitted, jobHealth.Unknown);
  return id;
}

async function groupIds(db: Kysely<Database>, names: readonly string[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select id from groups where name = any(${names}::text[])`.execute(db);
  return rows.map((r) => r.id);
}
