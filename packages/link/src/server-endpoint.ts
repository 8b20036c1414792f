import { randomBytes } from 'node:crypto';
import { Context, Router, type MessageLike } from 'zeromq';
import { messageOf, monotonicMs, sleep, type DaemonLog } from '@lava/base';
import { requireLoopback } from './address.ts';
import { readSecretCertificate, type Certificate } from './certificates.ts';
import { CertificateDirectory } from './certificate-directory.ts';
import { Greeter, type Hello, type Verdict } from './greeter.ts';
import { serversSince, statusSince, type LogMessage, type LogReply, type ServerAddress, type ServerMessage, type WorkerMessage } from './messages.ts';
import { QuietLog } from './quiet-log.ts';
import { SendQueue } from './send-queue.ts';
import { socketOptions } from './sockets.ts';
import { decode, encode, logMessages, workerMessages } from './wire.ts';
import { authenticate, zapDomain } from './zap.ts';

/** A worker that greeted and was accepted. Ends with its certificate, its silence, a BYE or a newer greeting. */
export interface Session {
  readonly hostname: string;
  readonly instance: string;
  /** Newest version of the protocol that both sides speak. */
  readonly protocol: number;
  readonly version: string;
  readonly capabilities: readonly string[];
  /** Name of the certificate it proved to hold; undefined on plain connections. */
  readonly certificate: string | undefined;
  /** When the last message came: monotonic milliseconds. */
  readonly heard: number;
}

/** Messages of an open session that the server acts on. */
export type SessionMessage = Exclude<WorkerMessage, { type: 'HELLO' | 'BYE' }>;

/** What the server does about the link. No handler may throw; what they return late is not waited for, except as said. */
export interface ServerHandlers {
  /** Certificate that the admin named for a worker; undefined: the one called like the worker. */
  certificateOf(hostname: string): string | undefined | Promise<string | undefined>;
  /** Shall a worker that proved its name be let in? Asked at each greeting. */
  welcome(hello: Hello): Verdict | Promise<Verdict>;
  /** A session began; the worker already has HELLO_OK. */
  onSession(session: Session): void;
  onMessage(session: Session, message: SessionMessage): void;
  /** Records of an attempt, or a question for their number (count 0). Answer with `replyLog`. A promise slows reading when many wait. */
  onLog(session: Session, message: LogMessage, records: Buffer): void | Promise<void>;
  /** A session ended, why. Not called when the same process greets anew. */
  onEnd(session: Session, reason: string): void;
}

export interface ServerEndpointOptions {
  /** For example `tcp://*:5556` and `tcp://*:5555`; port `*` takes any free one (see `addresses`). */
  readonly control: string;
  readonly log: string;
  readonly ipv6?: boolean;
  /** Paths of the server's own certificate (`master.key_secret`) and of the directory of admitted ones; or plain, on loopback unless `anywhere`. */
  readonly encryption: { readonly certificate: string; readonly directory: string } | { readonly plain: 'loopback' | 'anywhere' };
  readonly version: string;
  /** Optional abilities of the server, told in HELLO_OK. */
  readonly capabilities?: readonly string[];
  /** All servers that may lead, told in HELLO_OK; none: workers go on with those that they know. */
  readonly servers?: readonly ServerAddress[];
  /** Seconds between the PINGs of a worker. Default 20. */
  readonly interval?: number;
  /** Seconds without a message after which a session ends. Default three intervals. */
  readonly silence?: number;
  /** Milliseconds in which a living worker answers a PROBE. Default 2000. */
  readonly probe?: number;
  readonly daemonLog: DaemonLog;
  readonly handlers: ServerHandlers;
}

interface OpenSession extends Session {
  heard: number;
  readonly token: string;
  readonly key: string | undefined;
  route: Buffer;
  logRoute: Buffer | undefined;
}

/** Bytes of records handed to `onLog` and not settled, above which reading stops until some are. */
const mostPending = 64 * 1024 * 1024;

/**
 * The server's end of the link: two ROUTER sockets, the greeting, and the sessions.
 * ZeroMQ assigns the routing ids; a peer that brings one of its own is not listened to.
 */
export class ServerEndpoint {
  readonly #options: ServerEndpointOptions;
  readonly #daemonLog: DaemonLog;
  readonly #quiet: QuietLog;
  readonly #interval: number;
  readonly #context = new Context();
  #own: Certificate & { secretKey: string } | undefined;
  #directory: CertificateDirectory | undefined;
  #zap: { close(): void } | undefined;
  #control: Router | undefined;
  #logs: Router | undefined;
  #controlQueue: SendQueue | undefined;
  #logQueue: SendQueue | undefined;
  #greeter: Greeter | undefined;
  #timer: NodeJS.Timeout | undefined;
  #byHost = new Map<string, OpenSession>();
  #byToken = new Map<string, OpenSession>();
  #pending = 0;

  constructor(options: ServerEndpointOptions) {
    this.#options = options;
    this.#daemonLog = options.daemonLog;
    this.#quiet = new QuietLog(options.daemonLog);
    this.#interval = options.interval ?? 20;
  }

  /** Reads certificates, binds and listens. Throws ConfigurationError, or the system's error when an address is taken. */
  async open(): Promise<void> {
    const { encryption, ipv6 = false } = this.#options;
    const common = { ...socketOptions, context: this.#context, ipv6 };
    if ('plain' in encryption) {
      requireLoopback([this.#options.control, this.#options.log], encryption.plain === 'anywhere');
      this.#daemonLog.warn('Encryption is off: whoever reaches the sockets is believed to be the worker it says');
      this.#control = new Router(common);
      this.#logs = new Router({ ...common, receiveHighWaterMark: 16 });
    } else {
      await this.#startEncryption(encryption.certificate, encryption.directory);
      const curve = { ...common, curveServer: true, curveSecretKey: this.#own?.secretKey, curvePublicKey: this.#own?.publicKey, zapDomain };
      this.#control = new Router(curve);
      this.#logs = new Router({ ...curve, receiveHighWaterMark: 16 });
    }
    this.#greeter = new Greeter({
      own: this.#own, directory: this.#directory,
      certificateOf: (hostname) => this.#options.handlers.certificateOf(hostname),
      welcome: (hello) => this.#options.handlers.welcome(hello),
    });
    for (const socket of [this.#control, this.#logs]) this.#watch(socket);
    await this.#control.bind(this.#options.control);
    await this.#logs.bind(this.#options.log);
    this.#controlQueue = new SendQueue(this.#control, mostPending);
    this.#logQueue = new SendQueue(this.#logs, mostPending);
    const broken = (error: unknown) => this.#daemonLog.error(`The link stopped reading: ${messageOf(error)}`);
    this.#readControl(this.#control).catch(broken);
    this.#readLogs(this.#logs).catch(broken);
    this.#timer = setInterval(() => this.#endSilent(), this.#interval * 500);
  }

  /** The addresses bound, with real port numbers. */
  get addresses(): { readonly control: string; readonly log: string } {
    return { control: this.#control?.lastEndpoint ?? '', log: this.#logs?.lastEndpoint ?? '' };
  }

  sessions(): readonly Session[] {
    return [...this.#byHost.values()];
  }

  /**
   * Sends to a worker's session. True means that it was queued, not that it arrived: whatever matters is sent again
   * until it is answered. False: there is no session.
   */
  send(hostname: string, message: ServerMessage): boolean {
    const session = this.#byHost.get(hostname);
    return session !== undefined && this.#send(session.route, message);
  }

  /** Answers on the connection that the session's last LOG came from. */
  replyLog(session: Session, reply: LogReply): boolean {
    const open = this.#byHost.get(session.hostname);
    return open?.logRoute !== undefined && (this.#logQueue?.push([open.logRoute, ...encode(reply)] as MessageLike[]) ?? false);
  }

  /** Ends a worker's session now: it is told why and may greet again. */
  end(hostname: string, reason: string): void {
    const session = this.#byHost.get(hostname);
    if (!session) return;
    this.#send(session.route, { type: 'REFUSED', reason, retry: true });
    this.#drop(session, reason);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#directory?.close();
    this.#controlQueue?.close();
    this.#logQueue?.close();
    this.#control?.close();
    this.#logs?.close();
    this.#zap?.close();
    await sleep(0);
  }

  async #startEncryption(certificate: string, directory: string): Promise<void> {
    this.#daemonLog.info('Starting encryption');
    this.#daemonLog.debug(`Opening master certificate: ${certificate}`);
    const own = await readSecretCertificate(certificate);
    this.#daemonLog.debug(`Using slaves certificates from: ${directory}`);
    const admitted = new CertificateDirectory(directory, this.#daemonLog, own.publicKey);
    this.#own = own;
    this.#directory = admitted;
    await admitted.open(() => this.#endRevoked());
    this.#zap = await authenticate(this.#context, (key) => admitted.admits(key), ({ key, address }) =>
      this.#quiet.warn(`zap ${address} ${key}`, `[AUTH] Refused ${address}: no certificate in ${directory} has its key ${key}`));
  }

  #watch(socket: Router): void {
    socket.events.on('handshake:error:protocol', ({ error }) => {
      const why = this.#whyRefused((error as { code?: string }).code);
      this.#quiet.warn(`handshake ${why}`, `[AUTH] Refused a connection: ${why}`);
    });
  }

  #whyRefused(code: string | undefined): string {
    if (code === 'ERR_ZMTP_MECHANISM_MISMATCH') return this.#own ? 'it is not encrypted' : 'it is encrypted, this server is not';
    if (code === 'ERR_ZMTP_CRYPTOGRAPHIC') return "it expects another server certificate; copy this server's master.key to that worker again";
    return `it does not speak ZeroMQ's protocol (${code ?? 'unknown'})`;
  }

  async #readControl(socket: Router): Promise<void> {
    for await (const [route, ...frames] of socket) {
      if (!this.#assigned(route)) continue;
      try {
        this.#handle(route, decode(frames, workerMessages));
      } catch (error) {
        this.#quiet.warn(`control ${route.toString('hex')}`, `Message from ${this.#nameOf(route)} dropped: ${messageOf(error)}`);
      }
    }
  }

  #handle(route: Buffer, message: WorkerMessage): void {
    if (message.type === 'HELLO') {
      void this.#greet(route, message).catch((error) => this.#daemonLog.error(`HELLO of ${message.hostname}: ${messageOf(error)}`));
      return;
    }
    const session = this.#byToken.get(message.session);
    if (!session) { this.#send(route, { type: 'GREET', session: message.session }); return; }
    session.route = route;
    session.heard = monotonicMs();
    if (message.type === 'BYE') { this.#drop(session, 'the worker said goodbye'); return; }
    if (message.type === 'PING') {
      const more = session.protocol >= statusSince ? { sent: message.sent, time: Date.now() } : {};
      this.#send(route, { type: 'PONG', interval: this.#interval, ...more });
      this.#daemonLog.debug(`${session.hostname} => PING(${this.#interval})`);
    }
    this.#options.handlers.onMessage(session, message);
  }

  async #readLogs(socket: Router): Promise<void> {
    for await (const [route, ...frames] of socket) {
      if (!this.#assigned(route)) continue;
      try {
        const message = decode(frames, logMessages, 1);
        const session = this.#byToken.get(message.session);
        if (!session) { this.#logQueue?.push([route, ...encode({ type: 'GREET', session: message.session } as LogReply)]); continue; }
        session.logRoute = route;
        session.heard = monotonicMs();
        await this.#handLog(session, message, frames[2] ?? Buffer.alloc(0));
      } catch (error) {
        this.#quiet.warn(`log ${route.toString('hex')}`, `Log message of a peer dropped: ${messageOf(error)}`);
      }
    }
  }

  async #handLog(session: Session, message: LogMessage, records: Buffer): Promise<void> {
    const done = this.#options.handlers.onLog(session, message, records);
    if (!done) return;
    this.#pending += records.length;
    const settled = done.catch((error) => this.#daemonLog.error(`Log of job ${message.job}: ${messageOf(error)}`))
      .finally(() => { this.#pending -= records.length; });
    if (this.#pending > mostPending) await settled;
  }

  async #greet(route: Buffer, hello: Extract<WorkerMessage, { type: 'HELLO' }>): Promise<void> {
    const verdict = await this.#greeter?.judge(route, hello);
    if (!verdict) return;
    if ('challenge' in verdict) { this.#send(route, { type: 'CHALLENGE', challenge: verdict.challenge }); return; }
    const { hostname, instance } = hello;
    let refusal = verdict.accepted ? undefined : verdict;
    const free = !verdict.accepted || await this.#mayTakeOver(hostname, instance);
    if (verdict.accepted && verdict.certificate !== undefined && this.#directory?.keyOf(verdict.certificate) !== verdict.key) {
      refusal = { accepted: false, reason: `the certificate ${verdict.certificate}.key was removed from the server` };
    } else if (!free) {
      refusal = { accepted: false, reason: `another process is already connected as ${hostname}; stop it, or give this one another --hostname`, retry: true };
    }
    if (refusal) {
      this.#quiet.warn(`hello ${hostname} ${refusal.reason}`, `[AUTH] Refused ${JSON.stringify(hostname)}: ${refusal.reason}`);
      this.#send(route, { type: 'REFUSED', reason: refusal.reason, retry: refusal.retry ?? true });
      return;
    }
    if (!verdict.accepted) return;
    const before = this.#byHost.get(hostname);
    if (before) { if (before.instance === instance) this.#forget(before); else this.#drop(before, 'another process took its place'); }
    const session: OpenSession = {
      hostname, instance, protocol: verdict.protocol, version: hello.version, capabilities: hello.capabilities,
      certificate: verdict.certificate, key: verdict.key, token: randomBytes(32).toString('base64url'), route, logRoute: undefined, heard: monotonicMs(),
    };
    this.#byHost.set(hostname, session);
    this.#byToken.set(session.token, session);
    this.#daemonLog.info(`${hostname} => HELLO`);
    const { version, capabilities = [], servers = [] } = this.#options;
    this.#send(route, {
      type: 'HELLO_OK', protocol: verdict.protocol, version, session: session.token, interval: this.#interval, capabilities,
      ...(verdict.protocol >= serversSince && servers.length > 0 && { servers }),
    });
    this.#options.handlers.onSession(session);
  }

  /** False while another process of that hostname lives: it is asked, since a killed one may have been replaced. */
  async #mayTakeOver(hostname: string, instance: string): Promise<boolean> {
    const first = this.#byHost.get(hostname);
    if (!first || first.instance === instance) return true;
    const asked = monotonicMs();
    this.#send(first.route, { type: 'PROBE' });
    const limit = this.#options.probe ?? 2000;
    while (monotonicMs() - asked < limit) {
      await sleep(50);
      if (first.heard > asked) break;
    }
    const now = this.#byHost.get(hostname);
    return now === undefined || now.instance === instance || (now === first && first.heard <= asked);
  }

  #endRevoked(): void {
    for (const session of this.#byHost.values()) {
      if (session.certificate !== undefined && this.#directory?.keyOf(session.certificate) !== session.key) {
        this.#daemonLog.warn(`[AUTH] ${session.hostname} is locked out: ${session.certificate}.key was removed or replaced`);
        this.end(session.hostname, `the certificate ${session.certificate}.key was removed from the server`);
      }
    }
  }

  #endSilent(): void {
    const limit = (this.#options.silence ?? 3 * this.#interval) * 1000;
    for (const session of this.#byHost.values()) {
      if (monotonicMs() - session.heard > limit) this.#drop(session, `nothing heard for ${Math.round(limit / 1000)} s`);
    }
  }

  #drop(session: OpenSession, reason: string): void {
    this.#forget(session);
    this.#options.handlers.onEnd(session, reason);
  }

  #forget(session: OpenSession): void {
    if (this.#byHost.get(session.hostname) === session) this.#byHost.delete(session.hostname);
    this.#byToken.delete(session.token);
  }

  /** Routing ids that ZeroMQ assigns are five bytes, the first zero. */
  #assigned(route: Buffer | undefined): route is Buffer {
    if (route?.length === 5 && route[0] === 0) return true;
    this.#quiet.warn('routing id', 'Message of a peer that chose its own routing id dropped');
    return false;
  }

  #nameOf(route: Buffer): string {
    for (const session of this.#byHost.values()) if (session.route.equals(route)) return session.hostname;
    return 'a peer without a session';
  }

  #send(route: Buffer, message: ServerMessage): boolean {
    return this.#controlQueue?.push([route, ...encode(message)]) ?? false;
  }
}
