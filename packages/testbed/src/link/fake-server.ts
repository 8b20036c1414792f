import { appendFileSync, closeSync, existsSync, fdatasyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { daemonLog } from '@lava/base';
import { ServerEndpoint, type AttemptFiles, type AttemptRef, type LogMessage, type ServerEndpointOptions, type Session, type SessionMessage } from '@lava/link';
import { freePort } from '../system/ports.ts';

type Message<T extends SessionMessage['type']> = Extract<SessionMessage, { type: T }>;

export interface FakeServerOptions {
  /** Where it keeps what it acknowledged: a second one with the same folder goes on where the first stopped. */
  readonly folder: string;
  readonly encryption: ServerEndpointOptions['encryption'];
  /** Default: free ports that nobody gets for an outgoing connection while it is away. */
  readonly control?: string;
  readonly log?: string;
  /** Seconds between PINGs. Default 0.5. */
  readonly interval?: number;
  /** Told to workers as all servers. */
  readonly servers?: ServerEndpointOptions['servers'];
  /** False: END is not answered, as if the database were away. */
  readonly storesEnds?: boolean;
}

const name = ({ job, fence }: AttemptRef) => `${job}-${fence}`;

/**
 * The least server that a worker can work with: takes records to disk in order and once, and acknowledges them then.
 * It has no database and schedules nothing; a test says what to start.
 */
export class FakeServer {
  readonly endpoint: ServerEndpoint;
  readonly messages: SessionMessage[] = [];
  readonly ended: string[] = [];
  /** Lines of its own log. */
  readonly lines: string[] = [];
  /** Attempts whose records it refuses. */
  readonly refused = new Set<string>();
  storesEnds: boolean;
  readonly #folder: string;
  #counts = new Map<string, number>();
  #files = new Map<string, number>();
  #delays = new Map<string, number[]>();

  private constructor(options: FakeServerOptions & { readonly control: string; readonly log: string }) {
    this.#folder = options.folder;
    this.storesEnds = options.storesEnds ?? true;
    mkdirSync(options.folder, { recursive: true });
    this.endpoint = new ServerEndpoint({
      control: options.control, log: options.log, version: 'fake', encryption: options.encryption,
      servers: options.servers, interval: options.interval ?? 0.5, silence: 60, probe: 500, daemonLog: daemonLog('DEBUG', (line) => { this.lines.push(line); }),
      handlers: {
        certificateOf: () => undefined,
        welcome: () => ({ accepted: true }),
        onSession: () => {},
        onMessage: (session, message) => this.#handle(session, message),
        onLog: (session, message, records) => this.#take(session, message, records),
        onEnd: (session, reason) => { this.ended.push(`${session.hostname}: ${reason}`); },
      },
    });
  }

  static async open(options: FakeServerOptions): Promise<FakeServer> {
    const address = async () => `tcp://127.0.0.1:${await freePort()}`;
    const server = new FakeServer({ control: await address(), log: await address(), ...options });
    await server.endpoint.open();
    return server;
  }

  async close(): Promise<void> {
    await this.endpoint.close();
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  start(hostname: string, ref: AttemptRef, files: Partial<AttemptFiles>): boolean {
    const all = { 'job.yaml': '', 'device.yaml': '', 'dispatcher.yaml': '', 'env.yaml': '', 'env-dut.yaml': '', ...files };
    return this.endpoint.send(hostname, { type: 'START', job: ref.job, fence: ref.fence, files: all });
  }

  connected(hostname: string): boolean {
    return this.endpoint.sessions().some((s) => s.hostname === hostname);
  }

  /** Records of an attempt, as they are on disk. */
  records(ref: AttemptRef): string[] {
    const path = join(this.#folder, `${name(ref)}.log`);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
  }

  /** Number of records taken; cheaper than `records`. */
  count(ref: AttemptRef): number {
    return this.#counts.get(name(ref)) ?? this.records(ref).length;
  }

  /** The END of an attempt, also one that an earlier server with this folder stored. */
  end(ref: AttemptRef): Message<'END'> | undefined {
    const path = join(this.#folder, `${name(ref)}.end`);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8').split('\n')[0] ?? '') as Message<'END'> : undefined;
  }

  /** Milliseconds from the time in each record (`dt`) until this server had written it. */
  delays(ref: AttemptRef): readonly number[] {
    return this.#delays.get(name(ref)) ?? [];
  }

  received<T extends SessionMessage['type']>(type: T): Message<T>[] {
    return this.messages.filter((m): m is Message<T> => m.type === type);
  }

  #handle(session: Session, message: SessionMessage): void {
    this.messages.push(message);
    if (message.type !== 'END' || !this.storesEnds) return;
    appendFileSync(join(this.#folder, `${name(message)}.end`), `${JSON.stringify(message)}\n`);
    this.endpoint.send(session.hostname, { type: 'END_OK', job: message.job, fence: message.fence });
  }

  #take(session: Session, message: LogMessage, records: Buffer): void {
    const key = name(message);
    const ref = { job: message.job, fence: message.fence };
    if (this.refused.has(key)) { this.endpoint.replyLog(session, { type: 'LOG_REFUSED', ...ref, reason: 'the attempt is over' }); return; }
    let lines = this.count(message);
    if (message.index <= lines && message.index + message.count > lines) {
      let from = 0;
      for (let n = message.index; n < lines; n++) from = records.indexOf(10, from) + 1;
      const file = this.#files.get(key) ?? openSync(join(this.#folder, `${key}.log`), 'a');
      this.#files.set(key, file);
      writeSync(file, records, from);
      fdatasyncSync(file);
      this.#note(key, records.toString('utf8', from));
      lines = message.index + message.count;
    }
    this.#counts.set(key, lines);
    this.endpoint.replyLog(session, { type: 'LOG_OK', ...ref, lines });
  }

  /** Small pieces only: in a flood the time goes into the flood. */
  #note(key: string, text: string): void {
    if (text.length > 10_000) return;
    const delays = this.#delays.get(key) ?? [];
    this.#delays.set(key, delays);
    for (const [, dt = ''] of text.matchAll(/^- \{"dt": "([^"]+)"/gm)) delays.push(Date.now() - Date.parse(dt));
  }
}
