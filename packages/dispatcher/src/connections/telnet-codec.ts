/** Telnet's bytes (RFC 854). */
const IAC = 255;
const [DONT, DO, WONT, WILL, SB, SE] = [254, 253, 252, 251, 250, 240];
/** Options we agree to: what the server sends may be binary, echoed and without go-ahead (RFC 856, 857, 858). */
const agreed = new Set([0, 1, 3]);
/** Options we offer when asked: binary and no go-ahead. */
const offered = new Set([0, 3]);
/** Bytes of a subnegotiation that are kept. */
const longestSub = 4096;

interface TelnetOptions {
  /** Sends bytes at once. */
  readonly reply: (bytes: Uint8Array) => void;
  /** Options besides those of a plain terminal that we perform. */
  readonly perform?: readonly number[];
  /** The server agreed to (or refused) an option of `perform`. */
  readonly answered?: (option: number, yes: boolean) => void;
  /** Called with each subnegotiation: option, then its bytes. */
  readonly sub?: (option: number, bytes: readonly number[]) => void;
}

/** Takes Telnet's commands out of what a server sends, answers them, and makes bytes of what is typed. */
export class TelnetCodec {
  readonly #options: TelnetOptions;
  readonly #perform: ReadonlySet<number>;
  /** What each side does by now, so that nothing is answered twice: `will` of the server, `do` of ours. */
  readonly #on = { theirs: new Set<number>(), ours: new Set<number>() };
  #state: 'data' | 'return' | 'command' | 'option' | 'sub' | 'sub-command' = 'data';
  #command = 0;
  #sub: number[] = [];

  constructor(options: TelnetOptions) {
    this.#options = options;
    this.#perform = new Set(options.perform);
  }

  /** Offers the options of `perform`. */
  offer(): void {
    for (const option of this.#perform) {
      this.#on.ours.add(option);
      this.#options.reply(Uint8Array.of(IAC, WILL, option));
    }
  }

  /** The text's bytes in what came. */
  decode(bytes: Uint8Array): Uint8Array {
    const text = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      if (this.#state === 'return') {
        this.#state = 'data';
        // A lone carriage return travels with a NUL behind it.
        if (byte === 0) continue;
      }
      switch (this.#state) {
        case 'data':
          if (byte === IAC) { this.#state = 'command'; break; }
          if (byte === 13 && !this.#on.theirs.has(0)) this.#state = 'return';
          text[length++] = byte;
          break;
        case 'command':
          this.#state = 'data';
          if (byte === IAC) text[length++] = byte;
          else if (byte === SB) { this.#state = 'sub'; this.#sub = []; }
          else if (byte >= WILL) { this.#state = 'option'; this.#command = byte; }
          break;
        case 'option':
          this.#state = 'data';
          this.#negotiate(this.#command, byte);
          break;
        case 'sub':
          if (byte === IAC) this.#state = 'sub-command';
          else if (this.#sub.length < longestSub) this.#sub.push(byte);
          break;
        case 'sub-command':
          if (byte === SE) {
            this.#state = 'data';
            const [option, ...rest] = this.#sub;
            if (option !== undefined) this.#options.sub?.(option, rest);
          } else {
            this.#state = 'sub';
            if (this.#sub.length < longestSub) this.#sub.push(byte);
          }
          break;
      }
    }
    return text.subarray(0, length);
  }

  encode(text: string): Uint8Array {
    const bytes = Buffer.from(text);
    const escaped: number[] = [];
    for (const byte of bytes) {
      escaped.push(byte);
      if (byte === IAC) escaped.push(IAC);
      else if (byte === 13 && !this.#on.ours.has(0)) escaped.push(0);
    }
    return escaped.length === bytes.length ? bytes : Uint8Array.from(escaped);
  }

  /** Sends a subnegotiation. */
  sendSub(option: number, bytes: readonly number[]): void {
    this.#options.reply(Uint8Array.from([IAC, SB, option, ...bytes.flatMap((b) => (b === IAC ? [IAC, IAC] : [b])), IAC, SE]));
  }

  #negotiate(command: number, option: number): void {
    const theirs = command === WILL || command === WONT;
    const wanted = command === WILL || command === DO;
    const on = theirs ? this.#on.theirs : this.#on.ours;
    if (!theirs && this.#perform.has(option)) {
      this.#options.answered?.(option, wanted);
      if (!wanted) on.delete(option);
      return;
    }
    const yes = wanted && (theirs ? agreed : offered).has(option);
    // What is so already is not answered: two that confirm each other would never end.
    if (on.has(option) === wanted) return;
    if (yes) on.add(option);
    else on.delete(option);
    this.#options.reply(Uint8Array.of(IAC, theirs ? (yes ? DO : DONT) : (yes ? WILL : WONT), option));
  }
}
