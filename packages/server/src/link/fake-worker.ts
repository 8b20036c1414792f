import { Context } from 'zeromq';
import { version } from '@lava/base';
import { formatRecord, type LogLevel, type LogValue } from '@lava/job';
import { WorkerEndpoint, type AttemptEnd, type AttemptRef, type LogReply, type Order, type WorkerEndpointOptions } from '@lava/link';
import { quietLog } from '../store/testing.ts';
import type { LinkServer } from './link-server.ts';

type Start = Extract<Order, { type: 'START' }>;
type Answer = Exclude<LogReply, { type: 'GREET' }>;

/** A worker over the real link whose jobs do what a test says. */
export class FakeWorker {
  readonly endpoint: WorkerEndpoint;
  readonly orders: Order[] = [];
  readonly answers: Answer[] = [];
  readonly refusals: string[] = [];
  /** What it says it holds in each PING. */
  held: AttemptRef[] = [];
  sessions = 0;
  /** Called with each order as it comes. */
  onOrder: (order: Order) => void = () => {};

  constructor(hostname: string, addresses: LinkServer['addresses'], encryption: WorkerEndpointOptions['encryption'] = { plain: 'loopback' }, more: Pick<WorkerEndpointOptions, 'answer' | 'context'> = { answer: 500 }) {
    this.endpoint = new WorkerEndpoint({
      master: addresses.control, logger: addresses.log, hostname, encryption, version, capabilities: ['qemu-x86_64'],
      daemonLog: quietLog, ...more,
      handlers: {
        attempts: () => this.held,
        onSession: () => { this.sessions++; },
        onOrder: (order) => { this.orders.push(order); this.onOrder(order); },
        onLogReply: (answer) => { this.answers.push(answer); },
        onRefused: (reason) => { this.refusals.push(reason); },
      },
    });
    this.endpoint.open();
  }

  connected(): Promise<void> {
    return until(() => this.endpoint.connected, 'a session').then(() => {});
  }

  started(job: number): Promise<Start> {
    return until(() => this.orders.find((o): o is Start => o.type === 'START' && o.job === job), `START of job ${job}`);
  }

  order(type: Order['type'], job: number): Promise<Order> {
    return until(() => this.orders.find((o) => o.type === type && o.job === job), `${type} of job ${job}`);
  }

  /** Accepts a START: from now on the attempt is held. */
  accept({ job, fence }: AttemptRef): void {
    this.held.push({ job, fence });
    this.endpoint.send({ type: 'START_OK', job, fence });
  }

  /** Sends records, again if need be as the real worker does, until the server has them on its disk. */
  log({ job, fence }: AttemptRef, index: number, records: readonly string[]): Promise<Answer> {
    const from = this.answers.length;
    return repeating(() => this.endpoint.sendLog({ job, fence, index, count: records.length }, Buffer.from(records.join(''))),
      // Not the answer to something that was sent before: that one names the place at which these records begin.
      until(() => this.answers.slice(from).find((a) => a.job === job && a.fence === fence && (a.type !== 'LOG_OK' || records.length === 0 || a.lines !== index)), 'an answer to LOG'));
  }

  /** Reports an end until it is answered, as the real worker does. */
  async end({ job, fence }: AttemptRef, end: Partial<AttemptEnd> = {}): Promise<void> {
    const from = this.orders.length;
    const send = () => this.endpoint.send({ type: 'END', job, fence, result: 'pass', errorType: '', errorMessage: '', errors: '', description: '', logLines: 0, poweredOff: true, ...end });
    await repeating(send, until(() => this.orders.slice(from).find((o) => o.type === 'END_OK' && o.job === job), `END_OK of job ${job}`));
    this.held = this.held.filter((a) => a.job !== job);
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }
}

/** ZeroMQ's threads for many workers in one process: a thousand with threads of their own would be too many. */
export const sharedContext = (workers: number): Context => new Context({ ioThreads: 1, maxSockets: 20 * workers + 100 });

export const record = (lvl: LogLevel, msg: LogValue): string => formatRecord(lvl, msg);

/** Does something now and every second until what is waited for has come. */
async function repeating<T>(send: () => unknown, answer: Promise<T>): Promise<T> {
  send();
  const again = setInterval(send, 1000);
  return answer.finally(() => clearInterval(again));
}

/** Waits for something to be there. */
export async function until<T>(look: () => T | undefined | false | null | Promise<T | undefined | false | null>, what: string, seconds = 60): Promise<T> {
  for (let n = 0; n < seconds * 50; n++) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`);
}
