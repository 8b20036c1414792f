import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Telnet: IAC WILL ECHO, IAC WILL SUPPRESS-GO-AHEAD, as a serial server greets. */
const greeting = Buffer.from([255, 251, 1, 255, 251, 3]);

/** A serial line behind a network port, as ser2net makes it: it is there whether the board is on or not; one user at a time. */
export class SerialServer {
  readonly #server: Server;
  readonly #telnet: boolean;
  #client: Socket | undefined;
  /** Gets what is typed. */
  onInput: (text: string) => void = () => undefined;
  /** Somebody else has the line. */
  busy = false;

  private constructor(telnet: boolean) {
    this.#telnet = telnet;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async listen(options: { readonly telnet: boolean; readonly port?: number }): Promise<SerialServer> {
    const server = new SerialServer(options.telnet);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    server.#port = (server.#server.address() as AddressInfo).port;
    return server;
  }

  #port = 0;
  get port(): number { return this.#port; }
  get connected(): boolean { return this.#client !== undefined; }

  /** Sends bytes of the board; without anybody on the line they are lost. Resolves when the line has taken them. */
  send(bytes: Uint8Array): Promise<void> {
    const client = this.#client;
    if (!client?.writable) return Promise.resolve();
    const escaped = this.#telnet && bytes.includes(255) ? Buffer.from([...bytes].flatMap((b) => (b === 255 ? [255, 255] : [b]))) : bytes;
    return new Promise((resolve) => { client.write(escaped, () => resolve()); });
  }

  hangUp(): void {
    this.#client?.destroy();
  }

  /** Nobody listens any more: connections are refused. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.#server.close(() => resolve()); });
    this.hangUp();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    if (this.busy || this.#client) {
      socket.end('Port already in use\r\n');
      return;
    }
    this.#client = socket;
    socket.on('close', () => { this.#client = undefined; });
    if (this.#telnet) socket.write(greeting);
    const strip = this.#telnet ? telnetStripper() : (bytes: Buffer) => bytes;
    socket.on('data', (bytes) => {
      const text = strip(bytes).toString('latin1');
      if (text !== '') this.onInput(text);
    });
  }
}

/** Takes Telnet's commands out of what a client sends. */
function telnetStripper(): (bytes: Buffer) => Buffer {
  let skip: 'none' | 'command' | 'option' | 'sub' | 'sub-end' = 'none';
  return (bytes) => Buffer.from([...bytes].filter((byte) => {
    if (skip === 'command') {
      skip = byte === 250 ? 'sub' : byte >= 251 && byte < 255 ? 'option' : 'none';
      return byte === 255;
    }
    if (skip === 'option') { skip = 'none'; return false; }
    if (skip === 'sub') { if (byte === 255) skip = 'sub-end'; return false; }
    if (skip === 'sub-end') { skip = byte === 240 ? 'none' : 'sub'; return false; }
    if (byte === 255) { skip = 'command'; return false; }
    return byte !== 0;
  }));
}
