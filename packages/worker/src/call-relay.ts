import { appendFile, readFile } from 'node:fs/promises';
import { messageOf, monotonicMs } from '@lava/base';
import { Journal, journalStart, type JournalPlace } from './journal.ts';

/** Milliseconds after which a call without an answer is sent again: the message, or what was to be done, may be lost. */
const patience = 10_000;

type Opaque = Readonly<Record<string, unknown>>;

export interface CallRelayOptions {
  /** `calls.jsonl`: lines `{"call": 0, "request": {…}}` that `lava-run` appends. */
  readonly calls: string;
  /** `answers.jsonl`: lines `{"call": 0, "answer": {…}}` that are appended here and that `lava-run` reads. */
  readonly answers: string;
  /** False when there is no session; then all is sent again when there is one. */
  send(call: number, request: Opaque): boolean;
  failed(text: string): void;
}

/**
 * Carries the calls of a running job to the server and the answers back. Both are files, so that neither a restart of
 * this daemon nor one of the server loses any; the server answers a call that comes twice as it did before.
 */
export class CallRelay {
  readonly #options: CallRelayOptions;
  readonly #calls: Journal;
  #read: JournalPlace = journalStart;
  /** Numbers of the calls that have been answered; known when the file of answers has been read. */
  #answered: Set<number> | undefined;
  readonly #open = new Map<number, { readonly request: Opaque; sentAt: number }>();
  #working: Promise<void> = Promise.resolve();

  constructor(options: CallRelayOptions) {
    this.#options = options;
    this.#calls = new Journal(options.calls);
  }

  /** There may be new calls. */
  wake(): void {
    this.#then(async () => {
      this.#answered ??= new Set((await readFile(this.#options.answers, 'utf8').catch(() => '')).split('\n').flatMap((line) => numbered(line)?.call ?? []));
      for (let piece = await this.#calls.read(this.#read, 1 << 16); piece; piece = await this.#calls.read(this.#read, 1 << 16)) {
        this.#read = piece.to;
        for (const line of piece.bytes.toString('utf8').split('\n')) {
          const { call, request } = numbered(line) ?? {};
          if (call !== undefined && request !== undefined && !this.#answered.has(call)) this.#open.set(call, { request, sentAt: 0 });
        }
      }
      this.#sendDue();
    });
  }

  /** A session began. */
  onSession(): void {
    this.#then(async () => { for (const entry of this.#open.values()) entry.sentAt = 0; });
    this.wake();
  }

  onAnswer(call: number, answer: Opaque): void {
    this.#then(async () => {
      if (!this.#open.has(call)) return;
      await appendFile(this.#options.answers, `${JSON.stringify({ call, answer })}\n`, { mode: 0o600 });
      this.#open.delete(call);
      this.#answered?.add(call);
    });
  }

  async stop(): Promise<void> {
    await this.#working;
    await this.#calls.close();
  }

  #sendDue(): void {
    const now = monotonicMs();
    for (const [call, entry] of this.#open) {
      if (entry.sentAt > 0 && now - entry.sentAt < patience) continue;
      if (!this.#options.send(call, entry.request)) return;
      entry.sentAt = now;
    }
  }

  #then(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => this.#options.failed(messageOf(error)));
  }
}

function numbered(line: string): { call: number; request?: Opaque } | undefined {
  try {
    const { call, request } = JSON.parse(line) as { call?: unknown; request?: unknown };
    return Number.isSafeInteger(call) ? { call: call as number, ...(typeof request === 'object' && request !== null && { request: request as Opaque }) } : undefined;
  } catch {
    return undefined;
  }
}
