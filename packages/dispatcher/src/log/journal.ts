import { closeSync, openSync, writeSync } from 'node:fs';
import { isoMicroseconds } from '@lava/base';
import { formatRecord, type LogLevel, type LogValue } from '@lava/job';
import type { JobLog, LogListener } from './job-log.ts';
import { Mask } from './mask.ts';

/** A record waits at most this long (milliseconds) for company before it is written. */
const flushAfterMs = 10;
/** Characters that are written at once, without waiting. */
const flushAtLength = 1 << 18;

interface JournalOptions {
  /** The file that records are appended to (`logs.yaml`); without it they only reach the listener. */
  readonly path?: string;
  readonly listener?: LogListener;
  /** Called once when the file cannot be written (disk full): the job cannot go on without its log. */
  readonly onFailure?: (error: Error) => void;
}

/**
 * The journal of an attempt: one record a line, appended in order and on disk within a moment.
 * Writing is synchronous, so what was logged survives every way to end that runs any code of ours.
 */
export class Journal implements JobLog {
  readonly #options: JournalOptions;
  readonly #mask = new Mask();
  readonly #fd: number | undefined;
  #count = 0;
  #pending = '';
  /** Bytes that a full disk did not take; they come before `#pending`. */
  #unwritten: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #closed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    if (options.path === undefined) return;
    this.#fd = openSync(options.path, 'a', 0o644);
    process.on('exit', this.flush);
  }

  get count(): number { return this.#count; }

  debug(msg: LogValue): void { this.#add('debug', msg); }
  info(msg: LogValue): void { this.#add('info', msg); }
  warning(msg: LogValue): void { this.#add('warning', msg); }
  error(msg: LogValue): void { this.#add('error', msg); }
  exception(msg: LogValue): void { this.#add('exception', msg); }
  input(text: string): void { this.#add('input', text); }
  target(line: string): void { this.#add('target', line); }
  feedback(line: string, namespace: string): void { this.#add('feedback', line, namespace); }
  event(text: string): void { this.#add('event', text); }
  results(record: Parameters<JobLog['results']>[0]): void { this.#add('results', record); }

  mask(values: readonly string[]): void { this.#mask.add(values); }

  /** A value as it may leave the job: secrets hidden. */
  masked(value: LogValue): LogValue { return this.#mask.value(value); }

  #add(lvl: LogLevel, raw: LogValue, ns?: string): void {
    if (this.#closed) return;
    const msg = this.#mask.value(raw);
    const at = new Date();
    this.#count += 1;
    this.#options.listener?.({ dt: isoMicroseconds(at), lvl, msg, ...(ns !== undefined && { ns }) });
    if (this.#fd === undefined) return;
    this.#pending += formatRecord(lvl, msg, { at, ...(ns !== undefined && { ns }) });
    if (this.#pending.length >= flushAtLength) this.flush();
    else this.#timer ??= setTimeout(this.flush, flushAfterMs);
  }

  /** Writes what is waiting, now. Never throws: what cannot be written is kept and tried again. */
  readonly flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fd === undefined || this.#closed) return;
    let data = this.#unwritten.length === 0 ? Buffer.from(this.#pending) : Buffer.concat([this.#unwritten, Buffer.from(this.#pending)]);
    this.#pending = '';
    try {
      while (data.length > 0) data = data.subarray(writeSync(this.#fd, data));
    } catch (error) {
      if (!this.#failed) this.#options.onFailure?.(error as Error);
      this.#failed = true;
    }
    this.#unwritten = data;
  };

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    process.off('exit', this.flush);
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
