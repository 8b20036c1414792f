import { isMapping, type Mapping } from './mapping.ts';

/**
 * What members of a multinode group say to one another, and what each call is answered with. The words are those of
 * LAVA's coordinator. Pure: the whole state of a group is the list of its calls in the order in which they came.
 */
export type GroupRequest =
  /** A member is there; answered when all are. `seed`: 64 random hexadecimal digits, what the group's key can be made of. */
  | { readonly request: 'group_data'; readonly role: string; readonly group_size: number; readonly seed?: string }
  /** The secret that all members have and nobody else; answered when all are there. Not LAVA's: its coordinator asks for no key. */
  | { readonly request: 'group_key' }
  | { readonly request: 'lava_send'; readonly messageID: string; readonly message: Mapping }
  /** Answered when anyone, the caller included, has sent that message. */
  | { readonly request: 'lava_wait'; readonly messageID: string }
  /** Answered when all members, or all of a role, have sent it. */
  | { readonly request: 'lava_wait_all'; readonly messageID: string; readonly waitrole?: string }
  /** Answered when all members have asked for it as often as the caller; so an id can be used again. */
  | { readonly request: 'lava_sync'; readonly messageID: string };

export type GroupAnswer =
  | { readonly response: 'group_data'; /** Roles by member. */ readonly roles: Readonly<Record<string, string>> }
  | { readonly response: 'group_key'; readonly seed: string }
  | { readonly response: 'ack'; /** What was sent, by member, in the order of first sending. */ readonly message?: readonly GroupMessage[] }
  /** It can never be answered otherwise. */
  | { readonly response: 'nack' };

export interface GroupMessage {
  readonly sender: string;
  readonly data: Mapping;
}

export interface GroupCall {
  /** Number of the member's job, as text. */
  readonly member: string;
  /** Number of the call among those of its member, ascending. */
  readonly call: number;
  readonly request: GroupRequest;
}

/** Longest text of a request; LAVA's coordinator takes no more. */
export const longestGroupRequest = 65_534;
/** Calls that one group may make; far beyond any real test. */
export const mostGroupCalls = 200_000;

/** Calls with different keys do not concern one another. */
export const callKey = (request: GroupRequest): string => ('messageID' in request ? request.messageID : '');

/** Reads a request of a member, or says what is wrong with it. */
export function readGroupRequest(value: unknown): GroupRequest | string {
  if (!isMapping(value)) return 'a request must be a mapping';
  if (JSON.stringify(value).length > longestGroupRequest) return 'Message was too long to send!';
  const { request, messageID, message, waitrole, role, group_size: size, seed } = value;
  if (request === 'group_data') {
    if (typeof role !== 'string') return 'group_data without a role';
    if (!Number.isSafeInteger(size) || (size as number) <= 0) return 'group_data without a group_size';
    if (seed !== undefined && !(typeof seed === 'string' && /^[0-9a-f]{64}$/.test(seed))) return 'group_data with a seed that is not 64 hexadecimal digits';
    return { request, role, group_size: size as number, ...(seed !== undefined && { seed }) };
  }
  if (request === 'group_key') return { request };
  if (request !== 'lava_send' && request !== 'lava_wait' && request !== 'lava_wait_all' && request !== 'lava_sync') return `Unsupported api call: ${String(request).slice(0, 60)}`;
  if (typeof messageID !== 'string' || messageID === '') return 'Missing messageID';
  if (request === 'lava_send') return { request, messageID, message: isMapping(message) ? message : {} };
  if (request === 'lava_wait_all' && waitrole !== undefined) return typeof waitrole === 'string' ? { request, messageID, waitrole } : 'waitrole must be a text';
  return { request, messageID };
}

/** Who is in a group: roles by member, in the order in which they came. */
export class GroupMembers {
  readonly roles: ReadonlyMap<string, string>;
  /** That of the first job among those that brought one: the same whoever asks, once all are there. */
  readonly seed: string | undefined;
  readonly #size: number;

  /** @param calls all `group_data` calls of the group */
  constructor(calls: readonly GroupCall[]) {
    const roles = new Map<string, string>();
    const seeds: { readonly member: string; readonly seed: string }[] = [];
    let size = Number.POSITIVE_INFINITY;
    for (const { member, request } of calls) {
      if (request.request !== 'group_data') continue;
      if (!roles.has(member)) roles.set(member, request.role);
      if (request.seed !== undefined) seeds.push({ member, seed: request.seed });
      size = request.group_size;
    }
    this.seed = seeds.sort((a, b) => Number(a.member) - Number(b.member))[0]?.seed;
    this.roles = roles;
    this.#size = size;
  }

  get complete(): boolean {
    return this.roles.size >= this.#size;
  }

  /** Members of a role, or all. */
  of(role?: string): string[] {
    return [...this.roles].filter(([, own]) => role === undefined || own === role).map(([member]) => member);
  }
}

/**
 * The answer to a call, or undefined while it has to wait.
 * @param calls all calls with the key of this one (`callKey`), in the order in which they came; this one among them
 */
export function answerTo({ member, call, request }: GroupCall, members: GroupMembers, calls: readonly GroupCall[]): GroupAnswer | undefined {
  switch (request.request) {
    case 'group_data': return members.complete ? { response: 'group_data', roles: Object.fromEntries(members.roles) } : undefined;
    case 'group_key': {
      if (!members.complete) return undefined;
      return members.seed === undefined ? { response: 'nack' } : { response: 'group_key', seed: members.seed };
    }
    case 'lava_send': return { response: 'ack' };
    case 'lava_wait': {
      const sent = messages(calls);
      return sent.length > 0 ? { response: 'ack', message: sent } : undefined;
    }
    case 'lava_wait_all': {
      const sent = messages(calls);
      const awaited = members.of(request.waitrole);
      // Nobody to wait for: LAVA tells at once that the wait would be for ever.
      if (awaited.length === 0 || (request.waitrole === undefined && sent.length === 0)) return { response: 'nack' };
      return awaited.every((one) => sent.some(({ sender }) => sender === one)) ? { response: 'ack', message: sent } : undefined;
    }
    case 'lava_sync': {
      const asked = (one: string) => calls.filter((c) => c.member === one && c.request.request === 'lava_sync');
      const round = asked(member).filter((c) => c.call <= call).length;
      return members.complete && members.of().every((one) => asked(one).length >= round) ? { response: 'ack' } : undefined;
    }
  }
}

/** What was sent, the latest of each sender, in the order of their first sending. */
function messages(calls: readonly GroupCall[]): GroupMessage[] {
  const sent = new Map<string, Mapping>();
  for (const { member, request } of calls) if (request.request === 'lava_send') sent.set(member, request.message);
  return [...sent].map(([sender, data]) => ({ sender, data }));
}
