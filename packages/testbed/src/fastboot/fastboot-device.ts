import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { FastbootSession, FastbootState } from './fastboot-session.ts';

/**
 * A device in fastboot mode that is reached over TCP, as the program `fastboot` speaks to it (`-s tcp:HOST:PORT`): it keeps
 * the partitions that are written, and tells when it is to start a system.
 */
export class FastbootDevice extends FastbootState {
  readonly #server: Server;
  #sockets = new Set<Socket>();

  private constructor() {
    super();
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      new Session(socket, this).listen();
    });
  }

  static async start(): Promise<FastbootDevice> {
    const device = new FastbootDevice();
    await new Promise<void>((resolve) => { device.#server.listen(0, '127.0.0.1', resolve); });
    return device;
  }

  /** For `fastboot_serial_number` of a device configuration. */
  get serial(): string {
    return `tcp:127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }
}

const handshake = 'FB01';

/** One run of `fastboot`: messages with a length of eight bytes before each. */
class Session {
  readonly #socket: Socket;
  readonly #session: FastbootSession;
  #input = Buffer.alloc(0);
  #greeted = false;

  constructor(socket: Socket, device: FastbootDevice) {
    this.#socket = socket;
    this.#session = new FastbootSession(device);
  }

  listen(): void {
    this.#socket.on('data', (bytes: Buffer) => {
      this.#input = Buffer.concat([this.#input, bytes]);
      this.#read();
    });
  }

  #read(): void {
    if (!this.#greeted) {
      if (this.#input.length < handshake.length) return;
      this.#greeted = true;
      this.#input = this.#input.subarray(handshake.length);
      this.#socket.write(handshake);
    }
    while (this.#input.length >= 8) {
      const length = Number(this.#input.readBigUInt64BE());
      if (this.#input.length < 8 + length) return;
      const message = this.#input.subarray(8, 8 + length);
      this.#input = this.#input.subarray(8 + length);
      const answer = this.#session.take(message);
      if (answer !== undefined) this.#say(answer);
    }
  }

  #say(text: string): void {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(text)));
    this.#socket.write(Buffer.concat([length, Buffer.from(text)]));
  }
}
