import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Kysely } from 'kysely';
import { messageOf, type DaemonLog } from '@lava/base';
import type { Send } from '../groups/group-calls.ts';
import { isConnectionLoss } from '../store/connection.ts';
import type { Database } from '../store/database.ts';
import { answerRequest } from './answer-request.ts';
import type { CoordinatorSettings } from './settings.ts';

/** Eight hexadecimal digits: how many bytes of JSON follow. */
const headLength = 8;
/** LAVA's clients send no more than 65,534 characters, without any beyond ASCII. */
const longestRequest = 65_535;
/** Milliseconds for a whole request; LAVA's clients send it at once. */
const patience = 30_000;
const mostConnections = 1000;

interface CoordinatorOptions {
  readonly db: Kysely<Database>;
  readonly log: DaemonLog;
  readonly settings: CoordinatorSettings;
  /** Tells members of groups whose workers are on the link. */
  readonly send: Send;
}

/**
 * The port of LAVA's coordinator, for jobs of multinode groups on LAVA's own workers: one request a connection, JSON
 * behind its length, and the answer in the same form. It has no authentication (docs/threat-model.md).
 */
export class CoordinatorServer {
  readonly #options: CoordinatorOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: CoordinatorOptions) {
    this.#options = options;
    // A client closes its side when it has asked.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = mostConnections;
  }

  /** Throws the system's error when the address cannot be had. */
  static async listen(options: CoordinatorOptions): Promise<CoordinatorServer> {
    const coordinator = new CoordinatorServer(options);
    const { host, port } = options.settings;
    await new Promise<void>((resolve, reject) => {
      coordinator.#server.once('error', reject);
      coordinator.#server.listen({ host, port }, resolve);
    });
    coordinator.#server.on('error', (error) => options.log.error(`The coordinator port: ${error.message}`));
    return coordinator;
  }

  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => { this.#server.close(resolve); });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const { settings, log } = this.#options;
    socket.on('error', () => socket.destroy());
    const from = socket.remoteAddress ?? '';
    if (!settings.isAllowed(from)) {
      log.warn(`The coordinator port: a connection from ${from} is refused, which is not in COORDINATOR_NETWORKS`);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const late = setTimeout(() => socket.destroy(), patience);
    socket.once('close', () => { clearTimeout(late); this.#sockets.delete(socket); });
    let got = Buffer.alloc(0);
    let asked = false;
    socket.on('data', (bytes: Buffer) => {
      if (asked) return;
      got = Buffer.concat([got, bytes]);
      const text = requestText(got);
      if (text === undefined) return;
      asked = true;
      if (text === null) { socket.destroy(); return; }
      void this.#answer(socket, text);
    });
    // Nothing more will come.
    socket.once('end', () => { if (!asked) socket.destroy(); });
  }

  /** Without an answer a client asks again. */
  async #answer(socket: Socket, text: string): Promise<void> {
    const { db, log, send } = this.#options;
    try {
      const reply = await answerRequest(db, JSON.parse(text), send);
      if (reply === undefined) { socket.destroy(); return; }
      const body = asciiJson(reply);
      // At once: LAVA's clients cannot count what comes in pieces.
      socket.end(`${body.length.toString(16).toUpperCase().padStart(headLength, '0')}${body}`);
    } catch (error) {
      socket.destroy();
      if (error instanceof SyntaxError) return;
      log[isConnectionLoss(error) ? 'warn' : 'error'](`The coordinator port: ${messageOf(error)}`);
    }
  }
}

/** The text of a request; undefined: more of it is to come, null: it never becomes one. */
function requestText(got: Buffer): string | null | undefined {
  const head = got.toString('latin1', 0, headLength);
  if (!/^[0-9A-Fa-f]*$/.test(head)) return null;
  if (head.length < headLength) return undefined;
  const length = Number.parseInt(head, 16);
  if (length === 0 || length > longestRequest) return null;
  return got.length < headLength + length ? undefined : got.toString('utf8', headLength, headLength + length);
}

/** JSON as Python writes it: a character is a byte. */
const asciiJson = (value: unknown) => JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
