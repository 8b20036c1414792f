import { watch, type FSWatcher } from 'node:fs';
import { uptime } from 'node:os';
import { messageOf, monotonicMs, type DaemonLog } from '@lava/base';
import { formatRecord } from '@lava/job';
import { callsSince, type AttemptEnd, type LogReply, type Opaque, type WorkerEndpoint } from '@lava/link';
import { attemptKey, type AttemptFolder } from './attempt-folder.ts';
import { finalizeTimeout, hasResult, readEnd } from './attempt-end.ts';
import { CallRelay } from './call-relay.ts';
import { Journal } from './journal.ts';
import { isAlive, isThisBoot, signalProcess, type ProcessIdentity } from './process-identity.ts';
import { findRun, killLeftovers, startRun, type RunOptions } from './run-process.ts';
import { Shipper } from './shipper.ts';

/** Completes what a killed `lava-run` left open: closing records, power-off, result.yaml. Nothing when there is a result. */
export type FinishDeadRun = (options: { readonly outputDir: string; readonly reason: string }) => Promise<{ readonly poweredOff: boolean }>;

export interface AttemptOptions extends RunOptions {
  readonly link: Pick<WorkerEndpoint, 'send' | 'sendLog' | 'connected' | 'protocol'>;
  readonly log: DaemonLog;
  readonly finishDeadRun: FinishDeadRun;
  /** Seconds from the first SIGTERM of a cancel to the second, and to SIGKILL. */
  readonly patience: { readonly second: number; readonly kill: number };
  /** The server knows the end and the folder is gone. */
  gone(attempt: Attempt): void;
}

/** The process of a run that is over and was not noted down: no process has its number. */
const nobody: ProcessIdentity = { pid: 0, started: '0', boot: '' };

/** Milliseconds after which an END without an answer is sent again (LAVA: 5 s). */
const resendEnd = 5000;

/**
 * One attempt on this worker: its process, its journal on the way to the server, its end until the server has stored it.
 * It goes on over restarts of the daemon, since everything it knows is in its folder and in /proc.
 */
export class Attempt {
  readonly folder: AttemptFolder;
  readonly key: string;
  readonly #options: AttemptOptions;
  readonly #journal: Journal;
  readonly #shipper: Shipper;
  readonly #calls: CallRelay;
  #process: ProcessIdentity | undefined;
  #device = '';
  #watcher: FSWatcher | undefined;
  /** By `uptime()`: a clock that is set must not make an end come too early or too late. */
  #canceledAt: number | undefined;
  #signals = 0;
  #end: AttemptEnd | undefined;
  #endSent = 0;
  #closing: Promise<void> | undefined;
  /** The server wants no records of this attempt any more. */
  #unwanted = false;

  constructor(folder: AttemptFolder, options: AttemptOptions) {
    this.folder = folder;
    this.key = attemptKey(folder.ref);
    this.#options = options;
    this.#journal = new Journal(folder.file('logs.yaml'));
    this.#shipper = new Shipper({
      journal: this.#journal,
      send: (index, count, bytes) => options.link.sendLog({ ...folder.ref, index, count }, bytes),
      failed: (error) => this.#say('error', `cannot read the journal: ${messageOf(error)}`),
    });
    this.#calls = new CallRelay({
      calls: folder.file('calls.jsonl'), answers: folder.file('answers.jsonl'),
      send: (call, request) => this.#sendCall(call, request),
      failed: (text) => this.#say('error', `cannot carry a call to the server or its answer back: ${text}`),
    });
  }

  /** A server from before calls would not answer: the job is told so at once. */
  #sendCall(call: number, request: Opaque): boolean {
    const { link } = this.#options;
    if (!link.connected || link.protocol >= callsSince) return link.send({ type: 'CALL', ...this.folder.ref, call, request });
    this.#calls.onAnswer(call, { response: 'nack', reason: 'the server is of an older version, which carries no calls between jobs: upgrade it' });
    return true;
  }

  get running(): boolean {
    return this.#process !== undefined && this.#end === undefined && this.#closing === undefined;
  }

  /** Does it still use that device? */
  uses(device: string): boolean {
    return this.#end === undefined && device !== '' && device === this.#device;
  }

  /** Starts `lava-run` in the folder that has been made. Throws when that is not possible; nothing runs then. */
  async start(): Promise<void> {
    const { process: identity, exited } = await startRun(this.folder, this.#options);
    // From here on it may have switched the board on: it is followed to its end, and found again by its mark.
    await this.folder.writeJson('process.json', identity).catch((error) => this.#say('error', `cannot note its process: ${messageOf(error)}`));
    this.#say('info', `RUNNING as process ${identity.pid}`);
    this.#process = identity;
    this.#device = deviceOf(await this.folder.read('device.yaml'));
    void exited.then(() => this.#close());
    this.#follow();
  }

  /** Takes over what an earlier daemon started. False: it was never started, and the folder can go. */
  async adopt(): Promise<boolean> {
    this.#process = await this.folder.process();
    if (!this.#process) {
      this.#process = await findRun(this.folder);
      if (this.#process) await this.folder.writeJson('process.json', this.#process).catch((error) => this.#say('error', `cannot note its process: ${messageOf(error)}`));
      else if (await this.#journal.read({ line: 0, offset: 0 }, 1 << 16) === undefined) return false;
      this.#process ??= nobody;
    }
    this.#device = deviceOf(await this.folder.read('device.yaml'));
    this.#canceledAt = await this.folder.canceledAt();
    this.#signals = this.#canceledAt === undefined ? 0 : 1;
    this.#say('info', this.#process && isAlive(this.#process) ? `found running as process ${this.#process.pid}` : 'found ended');
    this.#follow();
    return true;
  }

  /** A session began: nothing that was on the way is sure to have arrived. */
  onSession(): void {
    this.#shipper.ask();
    this.report();
    this.#calls.onSession();
  }

  onAnswer(call: number, answer: Readonly<Record<string, unknown>>): void {
    this.#calls.onAnswer(call, answer);
  }

  /** START or STATUS of an attempt that is known. */
  report(): void {
    if (this.#end) { this.#endSent = 0; this.#sendEnd(); } else if (this.#process) this.#options.link.send({ type: 'START_OK', ...this.folder.ref });
  }

  onLogReply(reply: Exclude<LogReply, { type: 'GREET' }>): void {
    if (reply.type === 'LOG_OK') { this.#shipper.reply(reply.lines); return; }
    if (this.#unwanted) return;
    this.#say('warn', `the server wants no more records: ${reply.reason}`);
    this.#unwanted = true;
    void this.#shipper.stop();
    void this.cancel();
  }

  /** SIGTERM now; a second one and SIGKILL follow when it takes too long. Once only: lava-run takes each as a new request. */
  async cancel(): Promise<void> {
    if (this.#end) { this.report(); return; }
    if (this.#canceledAt !== undefined) return;
    this.#canceledAt = uptime();
    await this.folder.writeJson('canceled.json', { uptime: this.#canceledAt }).catch((error) => this.#say('error', `cannot note the cancel: ${messageOf(error)}`));
    this.#signals = 1;
    if (this.#process && signalProcess(this.#process, 'SIGTERM')) this.#say('info', '=> CANCEL');
  }

  /** Called every second: what no event tells. */
  tick(): void {
    if (this.running && this.#process && !isAlive(this.#process)) void this.#close();
    if (this.running && this.#canceledAt !== undefined) void this.#pressOn(this.#canceledAt);
    this.#watchFolder();
    this.#shipper.wake();
    if (this.running) this.#calls.wake();
    this.#sendEnd();
  }

  /** END_OK: the server has stored the end. */
  async stored(): Promise<void> {
    if (!this.#end) return;
    await this.stop();
    await this.folder.remove();
    this.#options.gone(this);
  }

  /** Stops following, not the run. */
  async stop(): Promise<void> {
    this.#watcher?.close();
    await this.#calls.stop();
    await this.#shipper.stop();
    await this.#journal.close();
  }

  #follow(): void {
    this.#watchFolder();
    this.tick();
  }

  #watchFolder(): void {
    if (this.#watcher || this.#end) return;
    try {
      this.#watcher = watch(this.folder.path, { persistent: false }, (_, name) => {
        if (name === 'logs.yaml') this.#shipper.wake();
        else if (name === 'calls.jsonl') this.#calls.wake();
      });
      this.#watcher.on('error', () => { this.#watcher?.close(); this.#watcher = undefined; });
    } catch { /* out of watches: the tick reads every second */ }
  }

  async #pressOn(since: number): Promise<void> {
    const seconds = uptime() - since;
    const { second, kill } = this.#options.patience;
    if (seconds < second || !this.#process) return;
    const held = await finalizeTimeout(this.folder);
    if (this.#signals === 1 && seconds >= Math.max(second, held)) {
      this.#signals = 2;
      this.#say('warn', `still running ${Math.round(seconds)} s after CANCEL: SIGTERM again`);
      signalProcess(this.#process, 'SIGTERM');
    } else if (this.#signals === 2 && seconds >= Math.max(second, held) + kill - second) {
      this.#signals = 3;
      this.#say('warn', `still running ${Math.round(seconds)} s after CANCEL: SIGKILL`);
      signalProcess(this.#process, 'SIGKILL');
      await killLeftovers(this.folder);
    }
  }

  /** The process is gone: complete what it left open, ship the rest, report the end. */
  #close(): Promise<void> {
    this.#closing ??= this.#finish().catch((error) => {
      this.#say('error', `cannot finish, trying again: ${messageOf(error)}`);
      this.#closing = undefined;
    });
    return this.#closing;
  }

  async #finish(): Promise<void> {
    const left = await killLeftovers(this.folder);
    if (left > 0) this.#say('warn', `killed ${left} processes that lava-run left behind`);
    if (!await hasResult(this.folder)) {
      this.#say('error', 'lava-run is gone without a result');
      if (this.#process && !isThisBoot(this.#process)) await this.#fillGap();
    }
    const { poweredOff, died } = await this.#completeRun();
    this.#say('info', 'running -> finished');
    const started = monotonicMs();
    if (!this.#unwanted) await Promise.race([this.#shipper.drain(), this.#whenUnwanted()]);
    const read = await readEnd(this.folder, this.#unwanted ? Infinity : this.#shipper.onServer);
    this.#end = {
      ...read,
      ...(died !== '' && { errorType: 'Infrastructure', errorMessage: died }),
      logLines: this.#shipper.acknowledged, poweredOff,
    };
    this.#say('debug', `${this.#end.logLines} records shipped, the last in ${Math.round(monotonicMs() - started)} ms`);
    this.#watcher?.close();
    this.#sendEnd();
  }

  /**
   * This machine crashed, and with it the end of the journal that was not on the disk yet; the server may have that
   * already. Records take its place, so that those to come have numbers of their own. The server keeps what it has.
   */
  async #fillGap(): Promise<void> {
    const { lines, at } = await this.#shipper.known(60_000);
    if (lines <= at.line) return;
    this.#say('warn', `${lines - at.line} records were lost when this machine crashed; the server has them`);
    await this.#journal.fill(at, lines - at.line, formatRecord('debug', 'This record was lost on the worker when its machine crashed.'));
  }

  async #completeRun(): Promise<{ poweredOff: boolean; died: string }> {
    const reason = this.#canceledAt === undefined ? 'lava-run was killed or crashed' : 'lava-run was killed, because the job took too long to cancel';
    try {
      return { ...await this.#options.finishDeadRun({ outputDir: this.folder.path, reason }), died: '' };
    } catch (error) {
      this.#say('error', `cannot complete the run: ${messageOf(error)}`);
      return { poweredOff: false, died: reason };
    }
  }

  async #whenUnwanted(): Promise<void> {
    while (!this.#unwanted) await new Promise((resolve) => { setTimeout(resolve, 200); });
  }

  #sendEnd(): void {
    if (!this.#end || (this.#endSent > 0 && monotonicMs() - this.#endSent < resendEnd)) return;
    if (!this.#options.link.send({ type: 'END', ...this.folder.ref, ...this.#end })) return;
    this.#options.log.debug(`END(${this.folder.ref.job}) => master${this.#endSent > 0 ? ' (resend)' : ''}`);
    this.#endSent = monotonicMs();
  }

  #say(level: keyof DaemonLog, text: string): void {
    this.#options.log[level](`[${this.folder.ref.job}] ${text}`);
  }
}

/** Name of the device that a rendered configuration is of; empty for a job that only shares the device of its host. */
export const deviceOf = (configuration: string) => (/^guest: true$/m.test(configuration) ? '' : /^hostname:\s*["']?([^\s"'#]+)/m.exec(configuration)?.[1] ?? '');
