import { sql, type Kysely } from 'kysely';
import { answerTo, callKey, GroupMembers, mostGroupCalls, readGroupRequest, type GroupCall, type GroupRequest } from '@lava/job';
import type { AttemptRef, Opaque, ServerMessage } from '@lava/link';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';

/** Sends to a worker, if it is here; an answer that got lost is asked for again. */
export type Send = (worker: string, message: Extract<ServerMessage, { type: 'ANSWER' }>) => void;

interface StoredCall extends AttemptRef {
  readonly seq: string;
  readonly call: number;
  readonly key: string;
  readonly request: GroupRequest;
  readonly answered: boolean;
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
  const key = callKey(request);
  // An earlier attempt of the same job is no member any more.
  if (request.request === 'group_data') await sql`delete from group_calls where job = ${job} and fence < ${fence}`.execute(db);
  const { numAffectedRows } = await sql`
    insert into group_calls (target_group, job, fence, call, key, request)
    values (${group}, ${job}, ${fence}, ${call}, ${key}, ${JSON.stringify(request)}::jsonb) on conflict (job, fence, call) do nothing`.execute(db);
  const again = numAffectedRows === 0n ? { job, fence, call } : undefined;
  await answerCalls(db, group, key, again, send);
}

/** Answers the calls with a key that can be answered now, each once; the one that came again, again. */
async function answerCalls(db: Kysely<Database>, group: string, key: string, again: (AttemptRef & { readonly call: number }) | undefined, send: Send): Promise<void> {
  const { rows } = await sql<StoredCall>`
    select seq, c.job, c.fence, call, key, request, answered, a.worker
    from group_calls c left join attempts a on a.job = c.job and a.fence = c.fence and a.ended_at is null
    where target_group = ${group} and key in ('', ${key}) order by seq`.execute(db);
  const asCall = ({ job, call, request }: StoredCall): GroupCall => ({ member: String(job), call, request });
  const members = new GroupMembers(rows.filter((row) => row.key === '').map(asCall));
  const concerned = rows.filter((row) => row.key === key);
  const calls = concerned.map(asCall);
  const isAgain = (row: StoredCall) => row.job === again?.job && row.fence === again.fence && row.call === again.call;
  const ready = concerned.flatMap((row, i) => {
    const answer = row.answered && !isAgain(row) ? undefined : answerTo(calls[i]!, members, calls);
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
