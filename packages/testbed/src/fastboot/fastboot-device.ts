import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** What the device does with a command of its own; its answer goes back as it is. */
type Override = (command: string) => string | undefined;

/**
 * A device in fastboot mode that is reached over TCP, as the program `fastboot` speaks to it (`-s tcp:HOST:PORT`): it keeps
 * the partitions that are written, and tells when it is to start a system.
 */
export class FastbootDevice {
  readonly #server: Server;
  #sockets = new Set<Socket>();
  /** Commands in order, without those that ask for variables. */
  readonly commands: string[] = [];
  /** Content of partitions by name. */
  readonly partitions = new Map<string, Buffer>();
  /** What was last downloaded to be started. */
  booted: Buffer | undefined;
  /** Called when the device leaves fastboot for a system. */
  onBoot: () => void = () => undefined;
  answer: Override = () => undefined;

  private constructor() {
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
const variables: Readonly<Record<string, string>> = { 'max-download-size': '0x10000000', product: 'testbed' };

/** One run of `fastboot`: messages with a length of eight bytes before each. */
class Session {
  readonly #socket: Socket;
  readonly #device: FastbootDevice;
  #input = Buffer.alloc(0);
  #greeted = false;
  #expected = 0;
  #downloaded: Buffer[] = [];

  constructor(socket: Socket, device: FastbootDevice) {
    this.#socket = socket;
    this.#device = device;
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
      this.#take(message);
    }
  }

  #take(message: Buffer): void {
    if (this.#expected > 0) {
      this.#downloaded.push(message);
      this.#expected -= message.length;
      if (this.#expected === 0) this.#say('OKAY');
      return;
    }
    const command = message.toString();
    const [name = '', value = ''] = command.split(/:(.*)/s);
    if (name === 'getvar') return this.#say(`OKAY${variables[value] ?? ''}`);
    this.#device.commands.push(command);
    const own = this.#device.answer(command);
    if (own !== undefined) return this.#say(own);
    switch (name) {
      case 'download':
        this.#expected = Number.parseInt(value, 16);
        this.#downloaded = [];
        return this.#say(`DATA${value}`);
      case 'flash':
        this.#device.partitions.set(value, Buffer.concat(this.#downloaded));
        return this.#say('OKAY');
      case 'boot':
        this.#device.booted = Buffer.concat(this.#downloaded);
        this.#say('OKAY');
        return this.#device.onBoot();
      case 'reboot':
        this.#say('OKAY');
        return this.#device.onBoot();
      case 'reboot-bootloader': case 'reboot-fastboot': case 'erase': case 'set_active': case 'oem': case 'continue': return this.#say('OKAY');
      default: return this.#say(`FAILunknown command ${name}`);
    }
  }

  #say(text: string): void {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(text)));
    this.#socket.write(Buffer.concat([length, Buffer.from(text)]));
  }
}
