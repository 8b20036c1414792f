import { sql, type Kysely } from 'kysely';
import { answerTo, callKey, isMapping, mostGroupCalls, readGroupRequest, type GroupAnswer, type GroupCall, type GroupRequest } from '@lava/job';
import { answerCalls, readCalls, storeCall, type Send } from '../groups/group-calls.ts';
import type { Database } from '../store/database.ts';

/** What LAVA's coordinator says, in its words. */
export type Reply =
  | { readonly response: 'wait' | 'nack' }
  | { readonly response: 'ack'; readonly message?: string | Readonly<Record<string, unknown>> }
  | { readonly response: 'group_data'; readonly roles: Readonly<Record<string, string>> };

interface Member {
  readonly job: number;
  readonly fence: number;
  readonly group: string;
}

/**
 * Answers a request as LAVA's coordinator does, from the calls of the group that members on the link make, too. Members
 * of this port ask until the answer is not `wait`; what they ask for is stored where it changes something for others.
 * @param send tells members on the link what can be answered now
 * @returns undefined: the connection is closed without a word
 */
export async function answerRequest(db: Kysely<Database>, value: unknown, send: Send): Promise<Reply | undefined> {
  if (!isMapping(value)) return undefined;
  if (value['request'] === 'complete') return undefined;
  // The group is forgotten when its jobs have ended.
  if (value['request'] === 'clear_group') return { response: 'ack' };
  const member = await memberOf(db, value);
  const request = readGroupRequest(requestOf(value));
  // LAVA's jobs do not know of keys.
  if (!member || typeof request === 'string' || request.request === 'group_key') return { response: 'nack' };
  const store = (r: GroupRequest) => storeNext(db, member, r);
  const tell = () => answerCalls(db, member.group, callKey(request), undefined, send);
  switch (request.request) {
    case 'group_data': {
      const { rows } = await readCalls(db, member.group, '');
      if (!rows.some((r) => r.job === member.job && r.fence === member.fence)) {
        await store(request);
        await tell();
      }
      return replyTo(await ask(db, member, request), request);
    }
    case 'lava_send': {
      if (!await store(request)) return { response: 'nack' };
      await tell();
      return { response: 'ack' };
    }
    case 'lava_sync': return sync(db, member, request, tell);
    default: return replyTo(await ask(db, member, request), request);
  }
}

/**
 * A sync that is asked for again and again: the first time it is stored, the time at which it is answered it is noted as
 * picked up. The next one with the same id is another round.
 */
async function sync(db: Kysely<Database>, member: Member, request: GroupRequest, tell: () => Promise<void>): Promise<Reply> {
  const pending = async () => {
    const { rows, calls, members } = await readCalls(db, member.group, callKey(request));
    const at = rows.findIndex((r) => r.job === member.job && r.request.request === 'lava_sync' && !r.answered);
    return at < 0 ? undefined : { seq: rows[at]!.seq, answer: answerTo(calls[at]!, members, calls) };
  };
  let own = await pending();
  if (!own) {
    if (!await storeNext(db, member, request)) return { response: 'nack' };
    await tell();
    own = await pending();
  }
  if (!own?.answer) return { response: 'wait' };
  await sql`update group_calls set answered = true where seq = ${own.seq}`.execute(db);
  return replyTo(own.answer, request);
}

/** What the request would be answered with now. */
async function ask(db: Kysely<Database>, member: Member, request: GroupRequest): Promise<GroupAnswer | undefined> {
  const { members, calls } = await readCalls(db, member.group, callKey(request));
  const call: GroupCall = { member: String(member.job), call: Number.MAX_SAFE_INTEGER, request };
  return answerTo(call, members, calls);
}

function replyTo(answer: GroupAnswer | undefined, request: GroupRequest): Reply {
  if (!answer) return { response: 'wait' };
  if (answer.response === 'group_key') return { response: 'nack' };
  if (answer.response !== 'ack') return answer;
  if (request.request === 'lava_sync') return { response: 'ack', message: request.messageID };
  return answer.message ? { response: 'ack', message: Object.fromEntries(answer.message.map(({ sender, data }) => [sender, data])) } : { response: 'ack' };
}

/** The next call of its member; false: its attempt is over, or it has made too many. */
async function storeNext(db: Kysely<Database>, { job, fence, group }: Member, request: GroupRequest): Promise<boolean> {
  const { rows: [last] } = await sql<{ next: number }>`select coalesce(max(call) + 1, 0)::int as next from group_calls where job = ${job} and fence = ${fence}`.execute(db);
  return last!.next < mostGroupCalls && storeCall(db, { job, fence, group, call: last!.next, request, polled: true });
}

/** The live attempt that a request is of. Who does not know the random name of its group is nobody. */
async function memberOf(db: Kysely<Database>, { client_name: client, group_name: group }: Readonly<Record<string, unknown>>): Promise<Member | undefined> {
  if (typeof client !== 'string' || !/^\d{1,9}$/.test(client) || typeof group !== 'string') return undefined;
  const { rows: [row] } = await sql<{ fence: number }>`select fence from attempts join jobs on jobs.id = attempts.job
    where job = ${Number(client)} and ended_at is null and target_group = ${group}`.execute(db);
  return row && { job: Number(client), fence: row.fence, group };
}

/** A message may be null, and a role to wait for is not always said. */
function requestOf({ request, role, group_size, messageID, message, waitrole }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return request === 'group_data' ? { request, role, group_size } : { request, messageID, message, ...(waitrole === undefined || waitrole === null ? {} : { waitrole }) };
}
