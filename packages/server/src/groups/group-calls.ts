import { sql, type Kysely } from 'kysely';
import { answerTo, callKey, GroupMembers, mostGroupCalls, readGroupRequest, type GroupCall, type GroupRequest } from '@lava/job';
import type { AttemptRef, Opaque, ServerMessage } from '@lava/link';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';

/** Sends to a worker, if it is here; an answer that got lost is asked for again. */
export type Send = (worker: string, message: Extract<ServerMessage, { type: 'ANSWER' }>) => void;

export interface StoredCall extends AttemptRef {
  readonly seq: string;
  readonly call: number;
  readonly key: string;
  readonly request: GroupRequest;
  readonly answered: boolean;
  readonly polled: boolean;
  /** The worker of the attempt; null when that is over. */
  readonly worker: string | null;
}

/**
 * Takes a call of a live attempt to its multinode group, and answers all calls that can be answered now. A call that
 * comes again is answered again. Nothing is remembered but in the database.
 */
export async function takeGroupCall(db: Kysely<Database>, from: AttemptRef & { readonly worker: string; readonly call: number; readonly request: Opaque }, send: Send): Promise<void> {
  const { job, fence, call, worker } = from;
  const refuse = (reason: string) => send(worker, { type: 'ANSWER', job, fence, call, answer: { response: 'nack', reason } });
  const request = readGroupRequest(from.request);
  if (typeof request === 'string') return refuse(request);
  if (call >= mostGroupCalls) return refuse(`a job may make at most ${mostGroupCalls} calls`);
  const { rows: [member] } = await sql<{ target_group: string | null }>`select target_group from jobs where id = ${job}`.execute(db);
  if (!member?.target_group) return refuse(`job ${job} is in no multinode group`);
  const group = member.target_group;
  const isNew = await storeCall(db, { job, fence, group, call, request, polled: false });
  await answerCalls(db, group, callKey(request), isNew ? undefined : { job, fence, call }, send);
}

interface NewCall extends AttemptRef {
  readonly group: string;
  readonly call: number;
  readonly request: GroupRequest;
  /** Its member asks again until it is answered, and is told nothing by itself. */
  readonly polled: boolean;
}

/** False when it was stored already, or when its attempt is over. */
export async function storeCall(db: Kysely<Database>, { job, fence, group, call, request, polled }: NewCall): Promise<boolean> {
  // An earlier attempt of the same job is no member any more.
  if (request.request === 'group_data') await sql`delete from group_calls where job = ${job} and fence < ${fence}`.execute(db);
  const { numAffectedRows } = await sql`
    insert into group_calls (target_group, job, fence, call, key, request, polled)
    select ${group}, job, fence, ${call}, ${callKey(request)}, ${JSON.stringify(request)}::jsonb, ${polled} from attempts
    where job = ${job} and fence = ${fence} and ended_at is null for share on conflict (job, fence, call) do nothing`.execute(db);
  return numAffectedRows !== 0n;
}

/** What members of a group have said so far that concerns a key, in the order in which it came. */
export async function readCalls(db: Kysely<Database>, group: string, key: string): Promise<{ readonly members: GroupMembers; readonly rows: readonly StoredCall[]; readonly calls: readonly GroupCall[] }> {
  const { rows: all } = await sql<StoredCall>`
    select seq, c.job, c.fence, call, key, request, answered, polled, a.worker
    from group_calls c left join attempts a on a.job = c.job and a.fence = c.fence and a.ended_at is null
    where target_group = ${group} and key in ('', ${key}) order by seq`.execute(db);
  const asCall = ({ job, call, request }: StoredCall): GroupCall => ({ member: String(job), call, request });
  const rows = all.filter((row) => row.key === key);
  return { members: new GroupMembers(all.filter((row) => row.key === '').map(asCall)), rows, calls: rows.map(asCall) };
}

/** Answers the calls with a key that can be answered now, each once; the one that came again, again. Those that are polled are left alone. */
export async function answerCalls(db: Kysely<Database>, group: string, key: string, again: (AttemptRef & { readonly call: number }) | undefined, send: Send): Promise<void> {
  const { members, rows, calls } = await readCalls(db, group, key);
  const isAgain = (row: StoredCall) => row.job === again?.job && row.fence === again.fence && row.call === again.call;
  const ready = rows.flatMap((row, i) => {
    const answer = row.polled || (row.answered && !isAgain(row)) ? undefined : answerTo(calls[i]!, members, calls);
    return answer ? [{ row, answer }] : [];
  });
  // Two calls that come at once see the same: whoever notes an answer sends it. One that is lost is asked for again.
  const { rows: noted } = await sql<{ seq: string }>`
    update group_calls set answered = true where seq = any(${ready.map(({ row }) => row.seq)}::bigint[]) and not answered returning seq`.execute(db);
  const mine = new Set(noted.map(({ seq }) => seq));
  for (const { row, answer } of ready) {
    if (row.worker === null || !(mine.has(row.seq) || isAgain(row))) continue;
    send(row.worker, { type: 'ANSWER', job: row.job, fence: row.fence, call: row.call, answer });
  }
}

/** Forgets the calls of a job's group when all its members have ended. */
export async function forgetGroup(db: Kysely<Database>, job: number): Promise<void> {
  await sql`
    delete from group_calls c using jobs ended
    where ended.id = ${job} and c.target_group = ended.target_group
      and not exists (select from jobs j where j.target_group = ended.target_group and j.state <> ${jobState.Finished})`.execute(db);
}
