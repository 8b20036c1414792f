import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Reads answers from standard input one after the other; in a terminal nobody sees what is typed as a secret. */
export class Asker {
  readonly #lines: NodeJS.AsyncIterator<string>;
  readonly #terminal = process.stdin.isTTY;
  readonly #close: () => void;
  #hidden = false;

  constructor() {
    const output = new Writable({ write: (chunk: Buffer, _, done) => { if (!this.#hidden) process.stderr.write(chunk); done(); } });
    const reader = createInterface({ input: process.stdin, output, terminal: this.#terminal });
    this.#lines = reader[Symbol.asyncIterator]();
    this.#close = () => { reader.close(); };
  }

  /** The next line; undefined when there are no more. */
  async ask(question: string, { secret = false } = {}): Promise<string | undefined> {
    if (this.#terminal) process.stderr.write(question);
    this.#hidden = secret;
    const { value, done } = await this.#lines.next();
    this.#hidden = false;
    if (secret && this.#terminal) process.stderr.write('\n');
    return done ? undefined : value;
  }

  close(): void {
    this.#close();
  }
}
