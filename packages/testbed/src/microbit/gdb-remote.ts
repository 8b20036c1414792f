import { createConnection, type Socket } from 'node:net';

/** The processor of a machine that QEMU runs, over its socket for debuggers (GDB's remote protocol). */
export class GdbRemote {
  readonly #socket: Socket;
  #input = '';
  #answer: ((packet: string) => void) | undefined;
  #running = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (piece: string) => this.#take(piece)).on('error', () => undefined).on('close', () => this.#answer?.(''));
  }

  static connect(path: string): Promise<GdbRemote> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path, () => {
        const remote = new GdbRemote(socket);
        // QEMU moves single registers only for those who have asked what registers there are.
        remote.#ask('qXfer:features:read:target.xml:0,ffb').then(() => resolve(remote), reject);
      }).once('error', reject);
    });
  }

  get running(): boolean { return this.#running; }

  async readRegister(number: number): Promise<number> {
    return Buffer.from(await this.#ask(`p${number.toString(16)}`), 'hex').readUInt32LE();
  }

  async writeRegister(number: number, value: number): Promise<void> {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    await this.#ask(`P${number.toString(16)}=${bytes.toString('hex')}`);
  }

  async setBreakpoint(address: number, present: boolean): Promise<void> {
    await this.#ask(`${present ? 'Z' : 'z'}1,${address.toString(16)},2`);
  }

  /** Writes memory as a debugger does, also where the processor could not. */
  async poke(address: number, bytes: Buffer): Promise<void> {
    await this.#ask(`M${address.toString(16)},${bytes.length.toString(16)}:${bytes.toString('hex')}`);
  }

  async step(): Promise<void> {
    await this.#ask('s');
  }

  /** Lets it run; it stops at a breakpoint, or when it is told to. */
  async resume(): Promise<void> {
    await this.#turn;
    this.#running = true;
    this.#send('c');
  }

  async halt(): Promise<void> {
    if (!this.#running) return;
    const stopped = new Promise<void>((resolve) => { this.#stopped.push(resolve); });
    this.#socket.write('\u0003');
    await stopped;
  }

  end(): void {
    this.#socket.destroy();
  }

  readonly #stopped: (() => void)[] = [];

  /** One question at a time. */
  #ask(packet: string): Promise<string> {
    const asked = this.#turn.then(() => new Promise<string>((resolve) => {
      this.#answer = resolve;
      this.#send(packet);
    }));
    this.#turn = asked;
    return asked;
  }

  #send(packet: string): void {
    const sum = [...packet].reduce((total, letter) => total + letter.charCodeAt(0), 0) & 255;
    this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`, 'latin1');
  }

  #take(piece: string): void {
    this.#input += piece;
    for (;;) {
      const found = /^[+-]*\$([^#]*)#../.exec(this.#input);
      if (!found) break;
      this.#input = this.#input.slice(found[0].length);
      this.#socket.write('+');
      const packet = found[1] ?? '';
      if (this.#running && /^[ST]/.test(packet)) {
        this.#running = false;
        for (const tell of this.#stopped.splice(0)) tell();
        continue;
      }
      const answer = this.#answer;
      this.#answer = undefined;
      answer?.(packet);
    }
  }
}
