import type { LiveMessage } from './types.ts';

/** The part of a WebSocket that the client uses. */
export interface Socket {
  send(text: string): void;
  close(): void;
  /** Tells what happens; called once, before anything does. */
  listen(on: { open: () => void; close: () => void; message: (data: unknown) => void }): void;
}

type JobMessage = Extract<LiveMessage, { type: 'log' | 'job' | 'results' | 'actions' }>;
type ChangedMessage = Extract<LiveMessage, { type: 'changed' }>;
export type LiveState = 'offline' | 'connecting' | 'online';

interface JobWatch {
  /** Number of the next log record that is not here yet: where to resume. */
  next: number;
  readonly listeners: Set<(message: JobMessage) => void>;
}

const firstPause = 500;
const longestPause = 15_000;

/**
 * One connection to `/ws/live` for the whole page. It is open while somebody watches, comes back after a loss
 * (pauses grow from 0.5 s to 15 s, with jitter) and asks for each watched log from the first record it lacks, so a
 * listener gets every record once and in order whatever happens to the connection.
 */
export class LiveClient {
  readonly #connect: () => Socket;
  readonly #later: (run: () => void, milliseconds: number) => () => void;
  readonly #jobs = new Map<number, JobWatch>();
  readonly #lists = new Set<(message: ChangedMessage) => void>();
  readonly #onState = new Set<(state: LiveState) => void>();
  #socket: Socket | undefined;
  #state: LiveState = 'offline';
  #failures = 0;
  #cancelRetry: (() => void) | undefined;

  constructor(connect: () => Socket, later: (run: () => void, milliseconds: number) => () => void = (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  }) {
    this.#connect = connect;
    this.#later = later;
  }

  get state(): LiveState { return this.#state; }

  /** Tells each change of the connection; after `online` whatever was missed must be read anew. Returns how to stop. */
  onState(listener: (state: LiveState) => void): () => void {
    this.#onState.add(listener);
    return () => { this.#onState.delete(listener); };
  }

  /** Follows a job: its log from record `from` on, results, actions and state. Returns how to stop. */
  watchJob(job: number, from: number, listener: (message: JobMessage) => void): () => void {
    let watch = this.#jobs.get(job);
    if (watch === undefined || from < watch.next) {
      watch = { next: from, listeners: watch?.listeners ?? new Set() };
      this.#jobs.set(job, watch);
      if (this.#state === 'online') this.#sendJob(job, watch);
    }
    const { listeners } = watch;
    listeners.add(listener);
    this.#open();
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#jobs.get(job)?.listeners !== listeners) return;
      this.#jobs.delete(job);
      if (this.#state === 'online') this.#send({ unwatch: 'job', job });
      this.#closeIfIdle();
    };
  }

  /** Follows the changes of all jobs, devices and workers. Returns how to stop. */
  watchLists(listener: (message: ChangedMessage) => void): () => void {
    this.#lists.add(listener);
    if (this.#lists.size === 1 && this.#state === 'online') this.#send({ watch: 'lists' });
    this.#open();
    return () => {
      this.#lists.delete(listener);
      this.#closeIfIdle();
    };
  }

  /** Tries at once, for instance because the browser says that the network is back. */
  retryNow(): void {
    if (this.#cancelRetry === undefined) return;
    this.#cancelRetry();
    this.#cancelRetry = undefined;
    this.#open();
  }

  /** Connects anew at once: another user signed in, and a connection belongs to whoever it began with. */
  reconnect(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    socket?.close();
    if (this.#jobs.size > 0 || this.#lists.size > 0) this.#open();
  }

  #set(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#onState) listener(state);
  }

  #open(): void {
    if (this.#socket !== undefined || this.#cancelRetry !== undefined) return;
    this.#set('connecting');
    const socket = this.#connect();
    this.#socket = socket;
    socket.listen({
      open: () => {
        this.#failures = 0;
        if (this.#lists.size > 0) this.#send({ watch: 'lists' });
        for (const [job, watch] of this.#jobs) this.#sendJob(job, watch);
        this.#set('online');
      },
      close: () => this.#lost(socket),
      message: (data) => { if (this.#socket === socket) this.#receive(data); },
    });
  }

  #lost(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (this.#jobs.size === 0 && this.#lists.size === 0) { this.#set('offline'); return; }
    const pause = Math.min(longestPause, firstPause * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#set('offline');
    this.#cancelRetry = this.#later(() => {
      this.#cancelRetry = undefined;
      this.#open();
    }, pause);
  }

  #closeIfIdle(): void {
    if (this.#jobs.size > 0 || this.#lists.size > 0) return;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#set('offline');
  }

  #send(message: unknown): void { this.#socket?.send(JSON.stringify(message)); }

  #sendJob(job: number, watch: JobWatch): void { this.#send({ watch: 'job', job, from: watch.next }); }

  #receive(data: unknown): void {
    let message: LiveMessage;
    try { message = JSON.parse(String(data)) as LiveMessage; } catch { return; }
    if (message.type === 'changed') {
      for (const listener of this.#lists) listener(message);
    } else if (message.type === 'log') {
      this.#receiveLog(message);
    } else if (message.type === 'job' || message.type === 'results' || message.type === 'actions') {
      const job = message.type === 'job' ? message.job.id : message.job;
      for (const listener of this.#jobs.get(job)?.listeners ?? []) listener(message);
    }
  }

  #receiveLog(message: Extract<LiveMessage, { type: 'log' }>): void {
    const watch = this.#jobs.get(message.job);
    if (watch === undefined) return;
    if (message.first > watch.next) { this.#sendJob(message.job, watch); return; } // a gap: ask again from what is here
    const records = message.records.slice(watch.next - message.first);
    if (records.length === 0) return;
    const first = watch.next;
    watch.next += records.length;
    for (const listener of watch.listeners) listener({ ...message, first, records });
  }
}
