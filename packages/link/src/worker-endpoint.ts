import { randomUUID } from 'node:crypto';
import { Context, Dealer, type MessageLike } from 'zeromq';
import { messageOf, monotonicMs, sleep, type DaemonLog } from '@lava/base';
import type { Certificate } from './certificates.ts';
import { clockAhead } from './clock.ts';
import {
  oldestProtocol, protocolVersion, serversSince, statusSince,
  type AttemptRef, type LogMessage, type LogReply, type ServerAddress, type ServerMessage, type WorkerMessage, type WorkerStatus,
} from './messages.ts';
import { proveClaim, sharedSecret } from './proof.ts';
import { QuietLog } from './quiet-log.ts';
import { SendQueue } from './send-queue.ts';
import { ServerList } from './server-list.ts';
import { socketOptions, withOtherServers } from './sockets.ts';
import { decode, encode, logReplies, serverMessages } from './wire.ts';

/** Orders of the server that the worker acts on. */
export type Order = Extract<ServerMessage, { type: 'START' | 'CANCEL' | 'STATUS' | 'ANSWER' | 'END_OK' }>;

/** What the worker does about the link. No handler may throw. */
export interface WorkerHandlers {
  /** Attempts that this worker holds; told in each PING. */
  attempts(): readonly AttemptRef[];
  /** How the worker is, when it is time to tell it: asked at each PING. `clockAhead` as in the status. */
  status?(clockAhead: number | undefined): WorkerStatus | undefined;
  /** A server named all servers: keep them for the next start. */
  onServers?(servers: readonly ServerAddress[]): void;
  /** A session began, also anew: ask for the acknowledged number of records of each attempt, and repeat what was not answered. */
  onSession(): void;
  onOrder(order: Order): void;
  onLogReply(reply: Exclude<LogReply, { type: 'GREET' }>): void;
  /** The server refuses this worker; with `retry` false the endpoint has given up. */
  onRefused?(reason: string, retry: boolean): void;
}

export interface WorkerEndpointOptions {
  /** `tcp://HOST:5556` and `tcp://HOST:5555`; of several servers, of which one leads, all with commas between them. */
  readonly master: string;
  readonly logger: string;
  /** What `onServers` said the last time: tried after those. */
  readonly learned?: readonly ServerAddress[];
  readonly hostname: string;
  readonly ipv6?: boolean;
  /** Own certificate with its secret half and the server's public one; or plain, to loopback unless `anywhere`. */
  readonly encryption: { readonly own: Certificate & { secretKey: string }; readonly master: Certificate } | { readonly plain: 'loopback' | 'anywhere' };
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly daemonLog: DaemonLog;
  readonly handlers: WorkerHandlers;
  /** Milliseconds to wait for the answer to a HELLO before the next one. Default 5000. */
  readonly answer?: number;
  /** Of ZeroMQ's threads; one of its own if left out. */
  readonly context?: Context;
}

type WithoutSession<M> = M extends { session: string } ? Omit<M, 'session'> : never;
/** What the worker sends in a session; the endpoint adds the session. */
export type Report = WithoutSession<Exclude<WorkerMessage, { type: 'PING' | 'BYE' }>>;

/** Bytes that may wait for a socket; above it messages are dropped and sent again later by those who sent them. */
const mostWaiting = 32 * 1024 * 1024;
const longestPause = 30_000;
/** The same where there are other servers: one that refuses must not keep the worker from those that would not. */
const longestBetween = 4000;
/** Where there are other servers: milliseconds for which one whose connection broke may come back, and for one to be reached at all. */
const [comeBack, reach] = [1000, 1500];

/** The worker's end of the link: dials, greets, keeps the session alive and greets anew whenever it is lost. */
export class WorkerEndpoint {
  readonly instance = randomUUID();
  readonly #options: WorkerEndpointOptions;
  readonly #log: DaemonLog;
  readonly #quiet: QuietLog;
  readonly #context: Context;
  readonly #secret: Buffer | undefined;
  readonly #servers: ServerList;
  /** When the connection to a server broke, where there are others; undefined while it is whole. */
  #broke: number | undefined;
  /** The server that was dialled is there, whether it has answered or not. */
  #reached = false;
  #control: Dealer | undefined;
  #logs: Dealer | undefined;
  #controlQueue: SendQueue | undefined;
  #logQueue: SendQueue | undefined;
  #session: string | undefined;
  #protocol: number = protocolVersion;
  #interval = 20;
  #heard = 0;
  #pinged = 0;
  #clockAhead: number | undefined;
  #greeted = 0;
  #unanswered = 0;
  /** Pause before the next greeting after a refusal; grows. */
  #pause = 0;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #offline = false;
  #closed = false;

  /** Throws ConfigurationError when plain was asked for and an address is not loopback. */
  constructor(options: WorkerEndpointOptions) {
    this.#options = options;
    this.#context = options.context ?? new Context();
    this.#log = options.daemonLog;
    this.#quiet = new QuietLog(options.daemonLog);
    const { encryption } = options;
    const { master, logger, learned = [] } = options;
    this.#servers = new ServerList({ master, logger, learned, anywhere: !('plain' in encryption) || encryption.plain === 'anywhere' });
    if (!('plain' in encryption)) this.#secret = sharedSecret({ ...encryption.own }, encryption.master.publicKey);
  }

  /** Starts dialling; returns at once. */
  open(): void {
    const { encryption, hostname } = this.#options;
    this.#log.info('Creating ZMQ context and socket connections');
    if (!('plain' in encryption)) {
      this.#log.info('Starting encryption');
      this.#log.debug(`Opening slave certificate: ${encryption.own.path}`);
      this.#log.debug(`Opening master certificate: ${encryption.master.path}`);
    }
    this.#log.info(`Connecting to master as <${hostname}>`);
    if ('plain' in encryption) this.#log.warn('Connection is not encrypted');
    else this.#log.info(`Connection is encrypted using ${encryption.own.path}`);
    this.#dial();
    this.#greet();
    this.#log.info('Waiting for the master to reply');
    this.#timer = setInterval(() => this.#tick(), 100);
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  /** Version of the protocol of the last session. */
  get protocol(): number {
    return this.#protocol;
  }

  /** False when there is no session or too much waits: send it again later. */
  send(report: Report): boolean {
    if (this.#session === undefined) return false;
    return this.#controlQueue?.push(encode({ ...report, session: this.#session } as WorkerMessage)) ?? false;
  }

  /** Sends records, or with `count` 0 and no bytes the question for the server's number of them. False as for `send`. */
  sendLog(message: Omit<LogMessage, 'type' | 'session'>, records: Uint8Array): boolean {
    if (this.#session === undefined) return false;
    const log: LogMessage = { type: 'LOG', session: this.#session, job: message.job, fence: message.fence, index: message.index, count: message.count };
    return this.#logQueue?.push(encode(log, records) as MessageLike[]) ?? false;
  }

  /** Says goodbye and closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    if (this.#session !== undefined && this.#controlQueue?.push(encode({ type: 'BYE', session: this.#session } as WorkerMessage))) await sleep(50);
    this.#closed = true;
    this.#session = undefined;
    this.#hangUp();
  }

  #dial(): void {
    this.#hangUp();
    this.#reached = false;
    const { encryption, ipv6 = false } = this.#options;
    const curve = 'plain' in encryption ? {} : {
      curveServerKey: encryption.master.publicKey, curvePublicKey: encryption.own.publicKey, curveSecretKey: encryption.own.secretKey,
    };
    const common = { ...socketOptions, ...(this.#servers.hasOthers && withOtherServers), context: this.#context, ipv6, connectTimeout: 10_000, reconnectInterval: 200, reconnectMaxInterval: 3_000, ...curve };
    const control = new Dealer({ ...common, sendHighWaterMark: 100 });
    const logs = new Dealer({ ...common, sendHighWaterMark: 16 });
    this.#control = control;
    this.#logs = logs;
    this.#controlQueue = new SendQueue(control, mostWaiting);
    this.#logQueue = new SendQueue(logs, mostWaiting);
    for (const socket of [control, logs]) {
      // libzmq does not dial again after a refused handshake, so the sockets are made anew.
      socket.events.on('handshake:error:auth', () => this.#refusedHandshake(socket, 'the server does not admit this certificate; copy its .key file into the certificates.d of the server'));
      socket.events.on('handshake:error:protocol', () => this.#refusedHandshake(socket, 'the handshake failed; is the other side a LAVA master with the certificate that this worker expects, and is encryption on or off on both sides?'));
      // After a reconnection the server may be another process, and messages on the way are lost.
      socket.events.on('handshake', () => { if (socket === this.#control || socket === this.#logs) this.#reconnected(); });
      socket.events.on('disconnect', () => { if (socket === this.#control || socket === this.#logs) this.#broke ??= monotonicMs(); });
    }
    this.#connect(control, logs);
    const broken = (error: unknown) => this.#log.error(`The link stopped reading: ${messageOf(error)}`);
    this.#readControl(control).catch(broken);
    this.#readLogs(logs).catch(broken);
  }

  #connect(control: Dealer, logs: Dealer): void {
    const { master, logger } = this.#servers.current;
    try {
      control.connect(master);
      logs.connect(logger);
    } catch (error) {
      if (!this.#servers.hasOthers) throw error;
      this.#quiet.warn(`connect ${master}`, `Cannot dial ${master} and ${logger}: ${messageOf(error)}`);
    }
  }

  #hangUp(): void {
    this.#controlQueue?.close();
    this.#logQueue?.close();
    for (const socket of [this.#control, this.#logs]) if (socket && !socket.closed) socket.close();
    this.#control = undefined;
    this.#logs = undefined;
  }

  #refusedHandshake(socket: Dealer, why: string): void {
    if (this.#closed || (socket !== this.#control && socket !== this.#logs)) return;
    this.#quiet.warn(why, `Connection refused: ${why}`);
    this.#session = undefined;
    this.#again(true);
  }

  /** Dials the next server, as the one there was is silent. */
  #tryNext(): void {
    this.#session = undefined;
    this.#broke = undefined;
    this.#servers.next();
    if (this.#servers.hasOthers) this.#log.debug(`Trying the master at ${this.#servers.current.master}`);
    this.#dial();
    this.#greet();
  }

  #reconnected(): void {
    this.#broke = undefined;
    this.#reached = true;
    if (this.#session === undefined) return;
    this.#ping();
    this.#options.handlers.onSession();
  }

  /** Greets after a pause that grows from 1 s with each call until a session begins. */
  #again(redial: boolean): void {
    clearTimeout(this.#retry);
    this.#pause = Math.min(this.#servers.hasOthers ? longestBetween : longestPause, this.#pause * 2 || 1000);
    this.#greeted = monotonicMs() + this.#pause;
    this.#retry = setTimeout(() => { if (redial) this.#tryNext(); else this.#greet(); }, this.#pause);
  }

  #greet(challenge?: string): void {
    const { hostname, version, capabilities } = this.#options;
    const hello = { type: 'HELLO' as const, protocol: oldestProtocol, newest: protocolVersion, version, hostname, capabilities, instance: this.instance };
    this.#greeted = monotonicMs();
    if (challenge !== undefined && this.#secret) {
      this.#controlQueue?.push(encode({ ...hello, challenge, proof: proveClaim(this.#secret, { challenge, hostname, instance: this.instance }) }));
      return;
    }
    this.#log.debug("Greeting the master => 'HELLO'");
    this.#controlQueue?.push(encode(hello));
  }

  #tick(): void {
    const now = monotonicMs();
    if (this.#session === undefined) {
      if (now - this.#greeted < (this.#servers.hasOthers && !this.#reached ? reach : this.#options.answer ?? 5000)) return;
      this.#unanswered++;
      if (this.#unanswered === this.#servers.length) this.#quiet.warn('unanswered', `No answer from the master at ${this.#options.master}; trying on. Is it running${'plain' in this.#options.encryption ? '' : `, and is ${this.#options.encryption.master.path} its certificate`}?`);
      if (this.#servers.hasOthers || this.#unanswered % 2 === 0) this.#tryNext();
      else this.#greet();
      return;
    }
    if (this.#servers.hasOthers && this.#broke !== undefined && now - this.#broke > comeBack) {
      this.#log.warn('The connection with the master broke');
      this.#tryNext();
    } else if (now - this.#heard > 4 * this.#interval * 1000) {
      this.#log.error('Master goes OFFLINE');
      this.#offline = true;
      this.#tryNext();
    } else if (now - this.#pinged >= this.#interval * 1000) {
      this.#log.debug(`PING => master (last message ${Math.round((now - this.#heard) / 1000)}s ago)`);
      this.#ping();
    }
  }

  #ping(): void {
    if (this.#session === undefined) return;
    this.#pinged = monotonicMs();
    const { handlers } = this.#options;
    const more = this.#protocol >= statusSince ? { status: handlers.status?.(this.#clockAhead), sent: Date.now() } : {};
    this.#controlQueue?.push(encode<WorkerMessage>({ type: 'PING', session: this.#session, attempts: handlers.attempts(), ...more }));
  }

  async #readControl(socket: Dealer): Promise<void> {
    for await (const frames of socket) {
      if (socket !== this.#control) return;
      this.#heard = monotonicMs();
      try {
        this.#handle(decode(frames, serverMessages));
      } catch (error) {
        this.#quiet.warn('control', `Message of the master dropped: ${messageOf(error)}`);
      }
    }
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case 'CHALLENGE': if (this.#session === undefined) this.#greet(message.challenge); break;
      case 'HELLO_OK': this.#established(message); break;
      case 'REFUSED': this.#refused(message.reason, message.retry); break;
      case 'GREET': this.#lost(message.session); break;
      case 'PROBE': this.#ping(); break;
      case 'PONG':
        this.#interval = message.interval;
        if (message.sent !== undefined && message.time !== undefined) this.#clockAhead = clockAhead(message.sent, message.time, Date.now()) ?? this.#clockAhead;
        this.#log.debug(`master => PONG(${message.interval})`);
        break;
      default: this.#options.handlers.onOrder(message);
    }
  }

  #established(message: Extract<ServerMessage, { type: 'HELLO_OK' }>): void {
    this.#session = message.session;
    this.#protocol = message.protocol;
    this.#interval = message.interval;
    this.#pinged = this.#heard;
    this.#unanswered = 0;
    this.#pause = 0;
    clearTimeout(this.#retry);
    this.#log.debug("The master replied: ['HELLO_OK']");
    this.#log.info('Connection with the master established');
    if (this.#offline) this.#log.info('Master is ONLINE');
    this.#offline = false;
    if (message.protocol >= serversSince && message.servers) this.#learn(message.servers);
    this.#ping();
    this.#options.handlers.onSession();
  }

  #learn(servers: readonly ServerAddress[]): void {
    for (const wrong of this.#servers.learn(servers)) this.#quiet.warn(wrong, `The master named a server that is left out: ${wrong}`);
    this.#options.handlers.onServers?.(servers.map(({ master, logger }) => ({ master, logger })));
  }

  #refused(reason: string, retry: boolean): void {
    this.#session = undefined;
    this.#quiet.warn(`refused ${reason}`, `The master refused this worker: ${reason}`);
    if (retry) {
      this.#again(false);
    } else {
      clearInterval(this.#timer);
      clearTimeout(this.#retry);
    }
    this.#options.handlers.onRefused?.(reason, retry);
  }

  /** The server does not know this session (any more): it was restarted, or heard nothing for too long. */
  #lost(session: string): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    this.#greet();
  }

  async #readLogs(socket: Dealer): Promise<void> {
    for await (const frames of socket) {
      if (socket !== this.#logs) return;
      this.#heard = monotonicMs();
      try {
        const reply = decode(frames, logReplies);
        if (reply.type === 'GREET') this.#lost(reply.session);
        else this.#options.handlers.onLogReply(reply);
      } catch (error) {
        this.#quiet.warn('log', `Log message of the master dropped: ${messageOf(error)}`);
      }
    }
  }
}
