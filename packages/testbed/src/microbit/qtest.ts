import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Accesses to the bus of a machine that QEMU runs, over its test socket (`-qtest`): devices see them as the processor's. */
export class Qtest {
  readonly #socket: Socket;
  readonly #waiting: ((line: string) => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => { if (/^(OK|FAIL|ERR)/.test(line)) this.#waiting.shift()?.(line); });
    socket.on('error', () => undefined).on('close', () => { for (const tell of this.#waiting.splice(0)) tell('FAIL closed'); });
  }

  static connect(path: string): Promise<Qtest> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path, () => resolve(new Qtest(socket))).once('error', reject);
    });
  }

  /** @param size of the access in bytes: 1, 2 or 4 */
  async read(address: number, size: number): Promise<number> {
    return Number((await this.#ask(`read${letters[size] ?? 'l'} 0x${address.toString(16)}`)).split(' ')[1]) >>> 0;
  }

  async write(address: number, size: number, value: number): Promise<void> {
    await this.#ask(`write${letters[size] ?? 'l'} 0x${address.toString(16)} 0x${(value >>> 0).toString(16)}`);
  }

  async readBytes(address: number, length: number): Promise<Buffer> {
    return Buffer.from((await this.#ask(`read 0x${address.toString(16)} 0x${length.toString(16)}`)).replace(/^OK 0x/, ''), 'hex');
  }

  async writeBytes(address: number, bytes: Buffer): Promise<void> {
    await this.#ask(`write 0x${address.toString(16)} 0x${bytes.length.toString(16)} 0x${bytes.toString('hex')}`);
  }

  end(): void {
    this.#socket.destroy();
  }

  async #ask(line: string): Promise<string> {
    const answer = await new Promise<string>((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(`${line}\n`);
    });
    if (!answer.startsWith('OK')) throw new Error(`QEMU refuses '${line}': ${answer}`);
    return answer;
  }
}

const letters: Readonly<Record<number, string>> = { 1: 'b', 2: 'w', 4: 'l' };
