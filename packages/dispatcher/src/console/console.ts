import { ConnectionClosedError, formatDuration, monotonicMs, sleep } from '@lava/base';
import { type ExpectOptions, ExpectStream, type Match } from '../expect/expect-stream.ts';
import type { JobLog } from '../log/job-log.ts';
import { pythonRepr } from '@lava/job';
import type { Connection } from './connection.ts';
import type { Pattern } from '../expect/pattern.ts';
import { ConsoleLines } from './console-lines.ts';
import { LineHealth } from './line-health.ts';
import { noteFailedWait } from './failed-wait.ts';

/** What a connection needs of the job it belongs to. */
export interface ConsoleHost {
  readonly log: JobLog;
  /** Name of the running action, for the log. */
  readonly actionName: string;
  /** Whether the running action uses this connection; the text of all others is logged as feedback. */
  isForeground(connection: Connection): boolean;
}

/** What carries the bytes of a connection. */
export interface Transport {
  /** Resolves when the text is on its way. */
  write(text: string): Promise<void>;
  /** Stops (and goes on with) reading, so that a device which nobody listens to does not fill the memory. */
  pause(): void;
  resume(): void;
  /** Ends it for good, with all its processes; resolves when it is gone. Never rejects. */
  end(): Promise<void>;
}

interface ConsoleOptions {
  readonly namespace: string;
  readonly tags: readonly string[];
  /** Characters of one read: patterns are searched in the last two reads. */
  readonly readSize?: number;
  /** Polite words before the end: `poweroff` for a QEMU guest, the escape of a telnet client. */
  readonly farewell?: (console: Console) => Promise<void>;
}

/** Why a connection ended by itself. */
interface ConnectionEnd {
  /** For the log. */
  readonly report: string;
  /** Reason code; default `connection-closed`. */
  readonly code?: string | undefined;
  /** What the reader can do, if that is plain. */
  readonly hint?: string | undefined;
}

/** Characters of the last output that are at hand for the report of its end. */
const lastWords = 2000;
/** Text nobody has looked at, in characters, above which reading pauses. */
const pauseAbove = 4 << 20;

/** A text connection: splits what comes into log lines, and lets actions wait for patterns and type. */
export class Console implements Connection {
  readonly namespace: string;
  readonly tags: readonly string[];
  lineEnd = '\n';
  readonly #host: ConsoleHost;
  readonly #options: ConsoleOptions;
  readonly #stream: ExpectStream;
  readonly #lines: ConsoleLines;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #transport: Transport | undefined;
  #prompts: readonly string[] = [];
  #paused = false;
  #alive = true;
  /** Text that followed a match and is logged after what the waiter logs. */
  #held = '';
  /** Set while text is held: logs it when nobody waits again at once. */
  #release: NodeJS.Immediate | undefined;
  #lastTextAt = monotonicMs();
  #onText: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #closed: ConnectionClosedError | undefined;
  /** Of an end that nobody has asked for; told when somebody needs the connection. */
  #report: string | undefined;
  /** The last pieces of text, the newer one at least as long as `lastWords` or growing. */
  #recent: [older: string, newer: string] = ['', ''];
  readonly health = new LineHealth();

  constructor(host: ConsoleHost, options: ConsoleOptions) {
    this.namespace = options.namespace;
    this.tags = options.tags;
    this.#host = host;
    this.#options = options;
    this.#stream = new ExpectStream(options.readSize, (left) => this.#logUpTo(left));
    this.#lines = new ConsoleLines((line) => {
      if (host.isForeground(this)) host.log.target(line);
      else host.log.feedback(line, this.namespace);
    });
  }

  /** Called once by whoever opens the transport. */
  attach(transport: Transport): void {
    this.#transport = transport;
  }

  get alive(): boolean { return this.#alive; }

  get prompts(): readonly string[] { return this.#prompts; }
  set prompts(prompts: readonly string[]) {
    if (pythonRepr(prompts) !== pythonRepr(this.#prompts)) this.#host.log.debug(`Setting prompt string to ${pythonRepr(prompts)}`);
    this.#prompts = prompts;
  }

  /** Bytes from the device. */
  receive(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text !== '') this.#take(text);
  }

  /** The device (or the program that connects to it) has hung up. @param explain says why, by its last output */
  ended(explain?: (output: string) => ConnectionEnd): void {
    if (!this.#alive) return;
    const rest = this.#decoder.decode();
    if (rest !== '') this.#take(rest);
    this.#alive = false;
    this.#logHeld();
    this.#lines.flush();
    const why = this.#closing ? undefined : explain?.(this.#recent.join('').slice(-lastWords));
    this.#report = why?.report;
    this.#closed = new ConnectionClosedError('Connection closed', { code: why?.code ?? 'connection-closed', hint: why?.hint });
    this.#stream.end(this.#closed);
    this.#onText?.();
  }

  #take(text: string): void {
    this.#lastTextAt = monotonicMs();
    this.health.take(text);
    this.#held += text;
    this.#recent = this.#recent[1].length < lastWords ? [this.#recent[0], this.#recent[1] + text] : [this.#recent[1], text];
    this.#stream.push(text);
    if (this.#release === undefined) this.#logHeld();
    this.#onText?.();
    if (this.#stream.backlog > pauseAbove && !this.#paused) {
      this.#paused = true;
      this.#transport?.pause();
    }
  }

  /** A match: logs the lines up to it, with the rest of its own if that is there, and holds back the `left` characters after. */
  #logUpTo(left: number): void {
    const end = Math.max(0, this.#held.length - left);
    const lineEnd = end === 0 || this.#held[end - 1] === '\n' ? end : this.#held.indexOf('\n', end) + 1 || end;
    this.#lines.push(this.#held.slice(0, lineEnd));
    this.#held = this.#held.slice(lineEnd);
    // The waiter goes on before this, and as long as it does not wait for anything but the console.
    this.#release ??= setImmediate(() => this.#logHeld());
  }

  #logHeld(): void {
    clearImmediate(this.#release);
    this.#release = undefined;
    const text = this.#held;
    this.#held = '';
    this.#lines.push(text);
  }

  logUnfinishedLine(): void {
    this.#lines.writeUnfinished();
  }

  #goOn(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport?.resume();
  }

  async send(text: string, options: { delayMs?: number } = {}): Promise<void> {
    if (!this.#alive || !this.#transport) throw this.#closedError();
    this.#logHeld();
    this.#lines.flush();
    this.#host.log.input(text);
    const delayMs = options.delayMs ?? 0;
    if (delayMs <= 0) return this.#transport.write(text);
    for (const character of text) {
      await this.#transport.write(character);
      await sleep(delayMs);
    }
  }

  async sendLine(line: string, options: { delayMs?: number } = {}): Promise<void> {
    if (options.delayMs) this.#host.log.debug(`Sending with ${options.delayMs} millisecond of delay`);
    this.#host.log.debug(`Sending line: '${line}'`);
    await this.send(line + this.lineEnd, options);
  }

  async expect(patterns: readonly Pattern[], options: ExpectOptions): Promise<Match> {
    this.#goOn();
    const match = this.#stream.expect(patterns, options);
    if (this.#stream.waiting) this.#logHeld();
    try {
      return await match;
    } catch (error) {
      if (error === this.#closed) throw this.#closedError();
      noteFailedWait(error, this.health);
      throw error;
    }
  }

  /** The error of whoever needs the connection after its end; the first time the log tells why it ended. */
  #closedError(): ConnectionClosedError {
    if (this.#report !== undefined) this.#host.log.error(this.#report);
    this.#report = undefined;
    return this.#closed ?? new ConnectionClosedError('Connection closed', { code: 'connection-closed' });
  }

  async waitPrompt(options: ExpectOptions): Promise<Match> {
    this.#host.log.debug(`${this.#host.actionName}: Wait for prompt ${pythonRepr(this.#prompts)} (timeout ${formatDuration(Math.round(options.timeoutMs / 1000))})`);
    return this.expect(this.#prompts, options);
  }

  drain(quietMs: number, longestMs = Number.POSITIVE_INFINITY): Promise<void> {
    const end = monotonicMs() + longestMs;
    this.#lastTextAt = monotonicMs();
    this.#logHeld();
    this.#goOn();
    return new Promise((resolve) => {
      const look = () => {
        clearTimeout(timer);
        this.#stream.clear();
        const left = Math.min(this.#lastTextAt + quietMs, end) - monotonicMs();
        if (this.#alive && left > 0) {
          timer = setTimeout(look, left);
        } else {
          this.#onText = undefined;
          this.#lines.flush();
          resolve();
        }
      };
      let timer: NodeJS.Timeout | undefined;
      this.#onText = look;
      look();
    });
  }

  close(): Promise<void> {
    this.#report = undefined;
    this.#closing ??= (async () => {
      this.#goOn();
      if (this.#alive) await this.#options.farewell?.(this).catch(() => undefined);
      await this.#transport?.end();
      this.ended();
    })();
    return this.#closing;
  }
}
