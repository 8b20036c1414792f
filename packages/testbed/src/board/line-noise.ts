import type { Fault } from './fault.ts';

/** What a bad serial line makes of what is said on it. */
export class LineNoise {
  #garbage = false;
  #deaf = false;
  #lose: { output?: number; input?: number } = {};
  readonly #count = { output: 0, input: 0 };

  clear(): void {
    this.#garbage = false;
    this.#deaf = false;
    this.#lose = {};
  }

  begin(fault: Fault): void {
    const every = fault.every ?? 7;
    if (fault.kind === 'garbage') this.#garbage = true;
    if (fault.kind === 'deaf') this.#deaf = true;
    if (fault.kind === 'lose-output') this.#lose.output = every;
    if (fault.kind === 'lose-input') this.#lose.input = every;
  }

  /** Bytes as they come out of the line. */
  spoil(bytes: Uint8Array): Uint8Array {
    const left = this.#lose.output === undefined ? bytes : bytes.filter(() => (this.#count.output += 1) % (this.#lose.output ?? 1) !== 0);
    // A frame that is read at the wrong speed: bits are there, but no letters.
    return this.#garbage ? left.map((byte) => 0x80 | ((byte * 37) & 0x7f)) : left;
  }

  /** Characters as the board hears them. */
  hear(text: string): string {
    if (this.#garbage || this.#deaf) return '';
    const every = this.#lose.input;
    return every === undefined ? text : [...text].filter(() => (this.#count.input += 1) % every !== 0).join('');
  }
}
