import { watch } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { monotonicMs, sleep } from '@lava/base';
import { isMapping, type GroupAnswer, type GroupRequest } from '@lava/job';

/** The line to the other members of a multinode group. */
export interface GroupLine {
  /** The answer to a request, or undefined when there is none within the time. Rejects with the reason of an aborted signal. */
  ask(request: GroupRequest, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<GroupAnswer | undefined>;
}

/** Milliseconds between two looks when the folder cannot be watched. */
const lookMs = 250;

/**
 * The line of a job below a worker's daemon: calls are appended to `calls.jsonl` in the job's folder, the daemon carries
 * them to the server and appends the answers to `answers.jsonl`. So neither side has to be there all the time.
 */
export class GroupFiles implements GroupLine {
  readonly #folder: string;
  readonly #answers = new Map<number, GroupAnswer>();
  #calls = 0;
  #offset = 0;
  #reading: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async ask(request: GroupRequest, { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<GroupAnswer | undefined> {
    const call = this.#calls++;
    const end = monotonicMs() + timeoutMs;
    let wake = (): void => undefined;
    const watcher = watch(this.#folder, { persistent: false }, () => wake());
    watcher.on('error', () => undefined);
    try {
      // In the order in which they are made.
      const write = this.#writing.then(() => appendFile(join(this.#folder, 'calls.jsonl'), `${JSON.stringify({ call, request })}\n`, { mode: 0o600 }));
      this.#writing = write.catch(() => undefined);
      await write;
      for (;;) {
        signal.throwIfAborted();
        const changed = new Promise<void>((resolve) => { wake = resolve; });
        // One after the other: several calls may wait at once.
        this.#reading = this.#reading.then(() => this.#read());
        await this.#reading;
        const answer = this.#answers.get(call);
        if (answer) return answer;
        const left = end - monotonicMs();
        if (left <= 0) return undefined;
        await Promise.race([changed, sleep(Math.min(lookMs, left), signal)]);
      }
    } finally {
      this.#answers.delete(call);
      watcher.close();
    }
  }

  /** Takes whole lines that have come since the last time. */
  async #read(): Promise<void> {
    const file = await open(join(this.#folder, 'answers.jsonl'), 'r').catch(() => undefined);
    if (!file) return;
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(0, size - this.#offset));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#offset);
      const whole = bytes.subarray(0, bytesRead).lastIndexOf(10) + 1;
      this.#offset += whole;
      for (const line of bytes.subarray(0, whole).toString('utf8').split('\n')) {
        const parsed: unknown = line === '' ? undefined : JSON.parse(line);
        if (isMapping(parsed) && isMapping(parsed['answer'])) this.#answers.set(Number(parsed['call']), parsed['answer'] as unknown as GroupAnswer);
      }
    } finally {
      await file.close();
    }
  }
}
