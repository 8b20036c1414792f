import { randomBytes } from 'node:crypto';
import { InfrastructureError, JobError, MultinodeTimeoutError, TestError } from '@lava/base';
import { isMapping, longestGroupRequest, mappingAt, timeoutSeconds, type GroupAnswer, type GroupMessage, type GroupRequest, type Mapping } from '@lava/job';
import type { JobLog } from '../log/job-log.ts';
import { asText } from '../text/as-text.ts';
import type { GroupLine } from './group-line.ts';

/** LAVA's name of the protocol: key in definitions, word in messages. */
export const multinodeName = 'lava-multinode';
/** Seconds until all members must be there. */
const gatherSeconds = 90;
/** Seconds for a call, if nothing else is said. */
const callSeconds = 30;

/** What a call gave: messages by sender, or that there can be none. */
export type Reply = readonly GroupMessage[] | 'nack';

/** This job's membership in a multinode group. */
export class Multinode {
  readonly role: string;
  /** Roles by number of the job, of all members that have a device. */
  readonly roles: Readonly<Record<string, string>>;
  readonly #parameters: Mapping;
  readonly #line: GroupLine | undefined;
  readonly #log: JobLog;
  #seconds: number;
  #joined = false;

  private constructor(parameters: Mapping, line: GroupLine | undefined, log: JobLog) {
    this.role = asText(parameters['role']);
    this.roles = Object.fromEntries(Object.entries(mappingAt(parameters, 'roles') ?? {}).map(([id, role]) => [id, asText(role)]));
    this.#parameters = parameters;
    this.#line = line;
    this.#log = log;
    this.#seconds = timeoutSeconds(parameters['timeout'], callSeconds);
  }

  /** Undefined for a job that is in no group. @throws JobError for a group that cannot start */
  static of(definition: Mapping, line: GroupLine | undefined, log: JobLog): Multinode | undefined {
    const parameters = mappingAt(definition, 'protocols', multinodeName);
    if (parameters?.['target_group'] === undefined) return undefined;
    if (parameters['request'] === 'lava-start' && parameters['expect_role'] === parameters['role']) {
      throw new JobError('expect_role must not match the role declaring lava_start', { code: 'expect-role' });
    }
    return new Multinode(parameters, line, log);
  }

  /**
   * Meets the other members, and waits for the start by another role if the job is to be started by one.
   * @param remainingMs time of the whole job
   */
  async setUp(signal: AbortSignal, remainingMs: number): Promise<void> {
    const { target_group: group, group_size: size, expect_role: awaited } = this.#parameters;
    if (!this.#line) {
      throw new InfrastructureError('Missing coordinator configuration', {
        code: 'no-group-line', hint: 'A job of a multinode group runs only below a worker that is connected to its server.',
      });
    }
    this.#log.debug(`Initialising group ${asText(group)}`);
    await this.#ask({ request: 'group_data', role: this.role, group_size: Number(size), seed: randomBytes(32).toString('hex') }, Math.min(gatherSeconds, remainingMs / 1000), signal);
    this.#joined = true;
    if (this.#parameters['request'] !== 'lava-start') {
      this.#log.debug(`${multinodeName} protocol initialised`);
      return;
    }
    const seconds = Math.min(timeoutSeconds(this.#parameters['timeout'], gatherSeconds), Math.floor(remainingMs / 1000));
    this.#log.info(`${multinodeName} protocol initialised - start is delayed by up to ${seconds} seconds`);
    this.#log.debug(`Delaying start for ${seconds} seconds, lava_wait_all for role ${asText(awaited)}`);
    await this.#ask({ request: 'lava_wait_all', messageID: 'lava_start', waitrole: asText(awaited) }, seconds, signal);
  }

  finalise(): void {
    if (this.#joined) this.#log.debug(`${multinodeName} protocol finalised.`);
  }

  /** Tells all members. @throws TestError when it was not taken */
  async send(messageID: string, message: Mapping, signal: AbortSignal): Promise<void> {
    this.#log.debug(`requesting lava_send ${messageID}${Object.keys(message).length === 0 ? ' without args' : ` with args ${JSON.stringify(message)}`}`);
    const answer = await this.#ask({ request: 'lava_send', messageID, message }, this.#seconds, signal);
    if (answer.response === 'nack') throw new TestError('Coordinator was unable to accept LAVA_SEND', { code: 'group-refused' });
  }

  /** Until anyone has sent. @param seconds other than usual */
  async wait(messageID: string, signal: AbortSignal, seconds = this.#seconds): Promise<Reply> {
    this.#log.debug(`requesting lava_wait '${messageID}'`);
    return replyOf(await this.#ask({ request: 'lava_wait', messageID }, seconds, signal));
  }

  /** Until all members, or all of a role, have sent. */
  async waitAll(messageID: string, role: string | undefined, signal: AbortSignal, seconds = this.#seconds): Promise<Reply> {
    this.#log.debug(`requesting lava_wait_all '${messageID}'${role === undefined ? '' : ` '${role}'`}`);
    return replyOf(await this.#ask({ request: 'lava_wait_all', messageID, ...(role !== undefined && { waitrole: role }) }, seconds, signal));
  }

  /** Until all members are here, too. */
  async sync(messageID: string, signal: AbortSignal, seconds = this.#seconds): Promise<Reply> {
    this.#log.debug(`requesting lava_sync '${messageID}'`);
    return replyOf(await this.#ask({ request: 'lava_sync', messageID }, seconds, signal));
  }

  /**
   * 64 hexadecimal digits that all members of the group get, and nobody else.
   * @throws InfrastructureError when the server is too old to have them
   */
  async secret(signal: AbortSignal): Promise<string> {
    const answer = await this.#ask({ request: 'group_key' }, this.#seconds, signal);
    if (answer.response === 'group_key') return answer.seed;
    throw new InfrastructureError('The server has no key for this multinode group', {
      code: 'group-key', hint: 'Upgrade the server, or put a key onto the workers and name it in the device dictionary: ssh_identity_file.',
    });
  }

  /** Time for this call and those that follow. @throws JobError `Invalid timeout request` */
  setTimeout(value: unknown): void {
    if (typeof value !== 'number' && !isMapping(value)) throw new JobError('Invalid timeout request', { code: 'protocol-timeout' });
    this.#seconds = typeof value === 'number' ? value : timeoutSeconds(value, this.#seconds);
    this.#log.debug(`Setting poll timeout of ${Math.floor(this.#seconds)} seconds`);
  }

  async #ask(request: GroupRequest, seconds: number, signal: AbortSignal): Promise<GroupAnswer> {
    if (JSON.stringify(request).length > longestGroupRequest) throw new JobError('Message was too long to send!', { code: 'message-too-long' });
    const answer = await this.#line?.ask(request, { timeoutMs: seconds * 1000, signal });
    if (answer) return answer;
    throw new MultinodeTimeoutError(`protocol ${multinodeName} timed out`, { code: 'group-timeout' });
  }
}

const replyOf = (answer: GroupAnswer): Reply => (answer.response === 'ack' ? answer.message ?? [] : 'nack');
