import { createHash } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A command that reached the power switch, and the attempt (`JOB-FENCE`) that gave it; empty: the worker daemon did. */
export interface PowerCommand {
  readonly command: 'cycle' | 'off';
  readonly attempt: string;
  /** When, in milliseconds of a clock that all boards share. */
  readonly at: number;
}

/** What a board printed from one power-up to the next. */
export interface Boot {
  readonly name: string;
  readonly attempt: string;
  lines: number;
}

export const boardPrompt = 'board# ';

/** A line that only this boot of this board prints, with a checksum. */
export function numberedLine(boot: string, n: number): string {
  return `numbered line ${n} of ${boot} sum=${createHash('sha256').update(`${boot} ${n}`).digest('hex').slice(0, 12)}`;
}

/**
 * A board that costs next to nothing: a serial line behind a TCP port, a power switch behind another, and a shell that
 * knows `count N MS`, which prints N numbered lines, so many milliseconds apart, and `count on MS`, which prints them until
 * somebody says `enough`. It remembers what was done to it.
 */
export class NumberedBoard {
  readonly name: string;
  readonly powers: PowerCommand[] = [];
  readonly boots: Boot[] = [];
  readonly #serial: Server;
  readonly #switch: Server;
  #user: Socket | undefined;
  #power: AbortController | undefined;
  #typed = '';
  #enough = false;
  #wake: (() => void) | undefined;

  private constructor(name: string) {
    this.name = name;
    this.#serial = createServer((socket) => this.#connect(socket));
    this.#switch = createServer((socket) => this.#obey(socket));
  }

  /** @param address where its ports are */
  static async start(name: string, address = '127.0.0.1'): Promise<NumberedBoard> {
    const board = new NumberedBoard(name);
    for (const server of [board.#serial, board.#switch]) {
      await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(0, address, resolve); });
    }
    return board;
  }

  get serialPort(): number { return (this.#serial.address() as AddressInfo).port; }
  get switchPort(): number { return (this.#switch.address() as AddressInfo).port; }
  get powered(): boolean { return this.#power !== undefined; }
  /** Somebody is on its serial line. */
  get connected(): boolean { return this.#user !== undefined; }

  /** Somebody takes its power by hand. */
  switchOff(): void {
    this.#power?.abort();
    this.#power = undefined;
  }

  /** No more lines for those who count on. */
  enough(): void {
    this.#enough = true;
  }

  /** Forgets what was done to it so far. */
  forget(): void {
    this.powers.length = 0;
    this.boots.length = 0;
  }

  async close(): Promise<void> {
    this.#power?.abort();
    this.#user?.destroy();
    await Promise.all([this.#serial, this.#switch].map((server) => new Promise((resolve) => { server.close(resolve); })));
  }

  #connect(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.#user) { socket.end('Port already in use\r\n'); return; }
    this.#user = socket.setNoDelay(true);
    socket.on('close', () => { this.#user = undefined; });
    socket.on('data', (bytes) => {
      if (!this.#power) return;
      this.#typed += bytes.toString('latin1');
      this.#wake?.();
    });
  }

  /** One line: `cycle ATTEMPT` or `off ATTEMPT`. It is done when the answer is there. */
  #obey(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      const [command, attempt = ''] = bytes.toString('latin1').trim().split(' ');
      if (command !== 'cycle' && command !== 'off') { socket.end('unknown\n'); return; }
      this.powers.push({ command, attempt, at: performance.now() });
      this.switchOff();
      if (command === 'cycle') this.#boot(attempt);
      socket.end('done\n');
    });
  }

  #boot(attempt: string): void {
    const power = new AbortController();
    const boot: Boot = { name: `${this.name}/${this.boots.length + 1}/${attempt}`, attempt, lines: 0 };
    this.boots.push(boot);
    this.#power = power;
    this.#typed = '';
    void this.#run(boot, power.signal).catch(() => undefined);
  }

  async #run(boot: Boot, power: AbortSignal): Promise<void> {
    this.#print('Linux version 6.1.0 (numbered)\nboard login: ');
    await this.#readLine(power);
    for (;;) {
      this.#print(boardPrompt);
      const line = await this.#readLine(power);
      const [, count, ms] = /^count (\d+|on) (\d+)$/.exec(line) ?? [];
      if (count === undefined) { this.#print(`board heard ${line}\n`); continue; }
      for (let n = 0; count === 'on' ? !this.#enough : n < Number(count); n++) {
        await pause(Number(ms), undefined, { signal: power });
        boot.lines += 1;
        this.#print(`${numberedLine(boot.name, boot.lines)}\n`);
      }
    }
  }

  async #readLine(power: AbortSignal): Promise<string> {
    for (;;) {
      power.throwIfAborted();
      const end = /[\r\n]/.exec(this.#typed)?.index ?? -1;
      if (end >= 0) {
        const line = this.#typed.slice(0, end);
        this.#typed = this.#typed.slice(end + 1).replace(/^\n/, '');
        this.#print(`${line}\n`);
        return line;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        power.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #print(text: string): void {
    this.#user?.write(text.replaceAll('\n', '\r\n'));
  }
}
