import { formatValue, type LogLevel, type LogRecord } from '@lava/job';
import { safeText, style } from './style.ts';

const gutters: Record<LogLevel, (text: string) => string> = {
  debug: (t) => style('dim', t),
  info: (t) => style('cyan', t),
  warning: (t) => style('yellow', t),
  error: (t) => style('red', t),
  exception: (t) => style('red', t),
  input: (t) => style('green', t),
  target: (t) => t,
  feedback: (t) => style('dim', t),
  event: (t) => style('magenta', t),
  results: (t) => style('bold', t),
};

/** Prints a job's records as lines: seconds since the first, level, text. Downloads show as a bar that moves in place. */
export class LogPrinter {
  #started: number | undefined;
  #bar = false;
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;

  constructor(write: (text: string) => void = (t) => process.stdout.write(t), terminal = Boolean(process.stdout.isTTY)) {
    this.#write = write;
    this.#terminal = terminal;
  }

  print(record: LogRecord): void {
    const at = Date.parse(record.dt);
    this.#started ??= at;
    const text = typeof record.msg === 'string' ? record.msg : describe(record);
    const percent = record.lvl === 'debug' ? /^progress\s+(\d+)\s?%/.exec(text) : null;
    if (this.#terminal && percent) {
      const filled = Math.round(Number(percent[1]) / 5);
      this.#write(`\r           [${'#'.repeat(filled)}${' '.repeat(20 - filled)}] ${safeText(text)}\u001b[K`);
      this.#bar = true;
      return;
    }
    if (this.#bar) this.#write('\r\u001b[K');
    this.#bar = false;
    const seconds = ((at - this.#started) / 1000).toFixed(1).padStart(7);
    const colour = gutters[record.lvl] ?? ((t: string) => t);
    // What was typed ends with the line feed that was typed.
    for (const line of text.replace(/\n$/, '').split('\n')) this.#write(`${style('dim', seconds)} ${colour(record.lvl.padEnd(9))} ${colour(safeText(line))}\n`);
  }
}

function describe(record: LogRecord): string {
  const msg = record.msg;
  if (record.lvl !== 'results' || typeof msg !== 'object' || msg === null || Array.isArray(msg)) return formatValue(msg);
  const m = msg as Readonly<Record<string, unknown>>;
  const measured = m['measurement'] === undefined ? '' : ` ${String(m['measurement'])} ${String(m['units'] ?? '')}`.trimEnd();
  return `${String(m['definition'])}/${String(m['case'])}: ${String(m['result'])}${measured}`;
}
