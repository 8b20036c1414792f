import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join, posix } from 'node:path';

const opcode = { read: 1, write: 2, data: 3, ack: 4, error: 5, optionsAck: 6 } as const;
/** Milliseconds until what was not acknowledged is sent again; a client may ask for another time. */
const resendMs = 1000;
const mostResends = 8;
/** Bytes of a block that fit into a packet of Ethernet are asked for by nearly all; these are the limits of RFC 2348. */
const blockSizes = { least: 8, usual: 512, most: 65464 };
/** More would only fill the buffers of network cards. */
const mostWindow = 64;

interface TftpServerOptions {
  readonly address: string;
  readonly port: number;
  /** Folder that the names of files are relative to. */
  readonly root: string;
  /** Whether a file may be read; asked with its name below the root, links followed. */
  readonly allows: (path: string) => boolean;
  /** Hears of each transfer when it ends: bytes that the client has confirmed, or what went wrong. */
  readonly onTransfer?: (transfer: { readonly client: string; readonly path: string; readonly bytes: number; readonly error?: string }) => void;
}

/** A read-only TFTP server: RFC 1350, and the options of RFC 2347 to 2349 and 7440 (blksize, tsize, timeout, windowsize). */
export class TftpServer {
  readonly #options: TftpServerOptions;
  readonly #socket: Socket;
  #closed = false;
  readonly #transfers = new Map<Promise<void>, { readonly path: string; readonly stop: () => void }>();

  private constructor(options: TftpServerOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (packet, client) => this.#request(packet, client));
    socket.on('error', () => undefined);
  }

  /** @throws what the system says, with `code` EADDRINUSE or EACCES among others */
  static async listen(options: TftpServerOptions): Promise<TftpServer> {
    const socket = createSocket('udp4');
    try {
      socket.bind(options.port, options.address);
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    return new TftpServer(options, socket);
  }

  get port(): number { return this.#socket.address().port; }

  /**
   * Takes no more requests, and ends transfers at once unless they are to be waited for.
   * @param waitFor paths of transfers that may end by themselves, for at most `longestMs`
   */
  async close(waitFor: (path: string) => boolean = () => false, longestMs = 0): Promise<void> {
    if (!this.#closed) this.#socket.close();
    this.#closed = true;
    for (const { path, stop } of this.#transfers.values()) if (!waitFor(path)) stop();
    const late = setTimeout(() => { for (const { stop } of this.#transfers.values()) stop(); }, longestMs);
    await Promise.all(this.#transfers.keys());
    clearTimeout(late);
  }

  #request(packet: Buffer, client: RemoteInfo): void {
    const kind = packet.length < 4 ? 0 : packet.readUInt16BE(0);
    if (kind === opcode.write) return this.#refuse(client, 2, 'Only reading is allowed');
    if (kind !== opcode.read) return;
    const [name = '', , ...rest] = packet.subarray(2).toString('latin1').split('\0');
    const asked = new Map<string, string>();
    for (let i = 0; i + 1 < rest.length; i += 2) asked.set((rest[i] as string).toLowerCase(), rest[i + 1] as string);
    const path = posix.normalize(`/${name}`).slice(1);
    const transfer = new Transfer(this.#options.address, client, asked);
    const run = this.#open(path)
      .then((file) => (file === undefined ? transfer.refuse(1, 'File not found') : transfer.send(file)))
      .catch((error: Error) => transfer.refuse(0, error.message))
      .finally(() => {
        this.#transfers.delete(run);
        this.#options.onTransfer?.({ client: client.address, path, bytes: transfer.confirmed, ...(transfer.error !== undefined && { error: transfer.error }) });
      });
    this.#transfers.set(run, { path, stop: () => transfer.stop() });
  }

  #refuse(client: RemoteInfo, code: number, text: string): void {
    this.#socket.send(errorPacket(code, text), client.port, client.address);
  }

  async #open(path: string): Promise<FileHandle | undefined> {
    try {
      const root = await realpath(this.#options.root);
      const real = await realpath(join(root, path));
      if (!real.startsWith(`${root}/`) || !this.#options.allows(real.slice(root.length + 1))) return undefined;
      const file = await open(real);
      if ((await file.stat()).isFile()) return file;
      await file.close();
    } catch { /* nothing there, or nothing that may be read */ }
    return undefined;
  }
}

function errorPacket(code: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([0, opcode.error, 0, code]), Buffer.from(`${text}\0`, 'latin1')]);
}

/** One file on its way to one client, on a port of its own. */
class Transfer {
  readonly #socket: Socket;
  readonly #client: RemoteInfo;
  readonly #asked: ReadonlyMap<string, string>;
  #heard: ((packet: Buffer | undefined) => void) | undefined;
  /** Packets that came while nobody was listening. */
  readonly #waiting: Buffer[] = [];
  #stopped = false;
  /** Bytes that have arrived. */
  confirmed = 0;
  error: string | undefined;

  constructor(address: string, client: RemoteInfo, asked: ReadonlyMap<string, string>) {
    this.#client = client;
    this.#asked = asked;
    this.#socket = createSocket('udp4');
    this.#socket.on('error', () => undefined);
    this.#socket.bind(0, address);
    this.#socket.on('message', (packet, from) => {
      if (from.port !== client.port || from.address !== client.address) return;
      if (this.#heard) this.#heard(packet);
      else this.#waiting.push(packet);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#heard?.(undefined);
  }

  async refuse(code: number, text: string): Promise<void> {
    this.error = text;
    await this.#write(errorPacket(code, text)).catch(() => undefined);
    this.#socket.close();
  }

  async send(file: FileHandle): Promise<void> {
    try {
      const { size } = await file.stat();
      const { block, window, timeoutMs, agreed } = this.#agree(size);
      if (agreed.length > 0) {
        const options = Buffer.from(agreed.map(([name, value]) => `${name}\0${value}\0`).join(''), 'latin1');
        const packet = Buffer.concat([Buffer.from([0, opcode.optionsAck]), options]);
        if ((await this.#exchange(() => this.#write(packet), 0, 0, timeoutMs)) === undefined) return;
      }
      // A file that fills its last block is followed by an empty one: a short block ends it.
      const last = Math.floor(size / block) + 1;
      for (let done = 0; done < last;) {
        const until = Math.min(done + window, last);
        const bytes = Buffer.alloc((until - done) * block);
        const { bytesRead } = await file.read(bytes, 0, bytes.length, done * block);
        const sendWindow = async () => {
          for (let n = done; n < until; n += 1) {
            const head = Buffer.from([0, opcode.data, 0, 0]);
            head.writeUInt16BE((n + 1) & 0xffff, 2);
            await this.#write(Buffer.concat([head, bytes.subarray((n - done) * block, Math.min((n - done + 1) * block, bytesRead))]));
          }
        };
        const acknowledged = await this.#exchange(sendWindow, done, until, timeoutMs);
        if (acknowledged === undefined) return;
        done = acknowledged;
        this.confirmed = Math.min(size, done * block);
      }
    } finally {
      await file.close();
      this.#socket.close();
    }
  }

  /** What both sides know of what the client asks for. */
  #agree(size: number): { block: number; window: number; timeoutMs: number; agreed: [string, string][] } {
    const number = (name: string, least: number, most: number) => {
      const value = Number(this.#asked.get(name) ?? NaN);
      return Number.isInteger(value) && value >= least ? Math.min(value, most) : undefined;
    };
    const block = number('blksize', blockSizes.least, blockSizes.most);
    const window = number('windowsize', 1, mostWindow);
    const seconds = number('timeout', 1, 255);
    const agreed = Object.entries({ blksize: block, windowsize: window, timeout: seconds, tsize: this.#asked.has('tsize') ? size : undefined })
      .flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
    return { block: block ?? blockSizes.usual, window: window ?? 1, timeoutMs: seconds === undefined ? resendMs : seconds * 1000, agreed };
  }

  /**
   * Sends, and sends again, until the client acknowledges something new.
   * @param done blocks acknowledged before @param until blocks that are sent
   * @returns blocks that are acknowledged by now; undefined when the transfer is over before its end
   */
  async #exchange(send: () => Promise<void>, done: number, until: number, timeoutMs: number): Promise<number | undefined> {
    for (let attempt = 0; attempt < mostResends; attempt += 1) {
      const deadline = performance.now() + timeoutMs;
      await send();
      for (;;) {
        const packet = await this.#hear(deadline - performance.now());
        if (this.#stopped) {
          this.error = 'the job is over';
          await this.#write(errorPacket(0, this.error)).catch(() => undefined);
          return undefined;
        }
        if (packet === undefined) break;
        const kind = packet.length < 4 ? 0 : packet.readUInt16BE(0);
        if (kind === opcode.error) {
          this.error = packet.subarray(4).toString('latin1').replace(/\0.*/s, '') || 'the client ended it';
          return undefined;
        }
        if (kind !== opcode.ack) continue;
        // Numbers of blocks begin anew after 65535. What was acknowledged before says nothing, unless the options wait for it.
        const ahead = (packet.readUInt16BE(2) - done) & 0xffff;
        if (ahead <= until - done && (ahead > 0 || until === 0)) return done + ahead;
      }
    }
    this.error = 'the client does not answer';
    return undefined;
  }

  #hear(waitMs: number): Promise<Buffer | undefined> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting);
    return new Promise((resolve) => {
      const finish = (packet: Buffer | undefined) => {
        clearTimeout(timer);
        this.#heard = undefined;
        resolve(packet);
      };
      const timer = setTimeout(() => finish(undefined), Math.max(0, waitMs));
      this.#heard = finish;
      if (this.#stopped) finish(undefined);
    });
  }

  #write(packet: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(packet, this.#client.port, this.#client.address, (error) => (error ? reject(error) : resolve()));
    });
  }
}
