import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InfrastructureError, JobError, LavaBug, LavaError, monotonicMs } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { pythonText } from '../overlay/shell-text.ts';
import type { Action } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { decompress, decompressorName, isCompression, type Compression } from './compression.ts';
import type { Source, Unavailable } from './source.ts';
import { sourceOf } from './source-of.ts';

const megabyte = 1 << 20;
/** Milliseconds between two looks at how far a transfer is. */
const progressMs = 100;
const checksums = { md5sum: 'md5', sha256sum: 'sha256', sha512sum: 'sha512' } as const;
type Checksum = keyof typeof checksums;

export interface TransferOptions {
  /** Key of the image; `ramdisk` is kept as it comes. */
  readonly label: string;
  /** The url block. */
  readonly block: Mapping;
  /** Whose files `downloads://` means. */
  readonly namespace?: string;
}

interface Received {
  readonly bytes: number;
  readonly seconds: number;
  readonly sums: Readonly<Partial<Record<Checksum, string>>>;
}

/** A transfer under way. */
interface Running {
  readonly file: string;
  readonly cancel: AbortController;
  /** Ready to read; `said`: lines of the source for the log. */
  readonly opened: Promise<{ readonly size: number | undefined; readonly said: readonly string[] }>;
  readonly done: Promise<Received>;
  /** Bytes so far. */
  readonly count: { bytes: number };
}

/** File name of an URL; the suffix of a compression that is undone goes. */
export function transferName(url: string, undo: Compression | undefined): string {
  const name = basename(url.replace(/[?#].*$/s, ''));
  return undo === undefined ? name : name.replace(/\.[^.]*$/, '');
}

/**
 * Fetches one file: streamed, hashed and decompressed in one pass. It may be started ahead of the action that reports it,
 * so that the files of a deployment come side by side.
 */
export class Transfer {
  readonly label: string;
  readonly #block: Mapping;
  readonly #namespace: string;
  #source: Source | undefined;
  #check: Promise<{ said: string[]; problem: Unavailable | undefined }> | undefined;
  #running: Running | undefined;

  constructor({ label, block, namespace = 'common' }: TransferOptions) {
    this.label = label;
    this.#block = block;
    this.#namespace = namespace;
  }

  /** @throws JobError for an address that cannot be fetched */
  source(job: JobContext): Source {
    return this.#source ??= sourceOf(job, {
      url: fillStaticInfo(pythonText(this.#block['url']), job.device['static_info']),
      headers: isMapping(this.#block['headers']) ? Object.fromEntries(Object.entries(this.#block['headers']).map(([k, v]) => [k, pythonText(v)])) : {},
      useCache: this.#block['use_cache'] !== false, namespace: this.#namespace,
    });
  }

  /** The compression to undo on the way. */
  get undo(): Compression | undefined {
    const compression = this.#block['compression'];
    return this.label !== 'ramdisk' && isCompression(compression) ? compression : undefined;
  }

  /** Starts to look whether the file is there. */
  startCheck(job: JobContext, signal: AbortSignal): void {
    const said: string[] = [];
    this.#check ??= this.source(job).check((text) => said.push(text), signal).then((problem) => ({ said, problem }));
    this.#check.catch(() => undefined);
  }

  async validate(a: Action): Promise<void> {
    const { compression, archive } = this.#block;
    if (compression !== undefined && compression !== null && compression !== 'zip' && !isCompression(compression)) a.error(`Unknown 'compression' format '${pythonText(compression)}'`);
    if (archive !== undefined && archive !== 'tar') a.error(`Unknown 'archive' format '${pythonText(archive)}'`);
    const { url } = this.source(a.job);
    if (url.endsWith('/')) throw new JobError(`Cannot download a directory for ${this.label}`, { code: 'url-directory' });
    this.startCheck(a.job, a.signal);
    const check = this.#check;
    this.#check = undefined;
    const result = await check;
    for (const text of result?.said ?? []) a.log.debug(text);
    if (result?.problem !== undefined) a.error(result.problem.text, result.problem.code);
  }

  /** Begins to fetch. Nothing is thrown here: `run` reports. */
  start(job: JobContext, file: string, signal: AbortSignal): void {
    this.#running?.cancel.abort();
    const cancel = new AbortController();
    const either = AbortSignal.any([signal, cancel.signal]);
    const started = monotonicMs();
    const count = { bytes: 0 };
    const said: string[] = [];
    const opening = (async () => {
      await mkdir(dirname(file), { recursive: true });
      return { ...(await this.source(job).open((text) => said.push(text), either)), said };
    })();
    const done = opening.then(async ({ stream, size }) => {
      const sums = await this.#receive(stream, size, file, count, either);
      return { bytes: count.bytes, seconds: (monotonicMs() - started) / 1000, sums };
    });
    done.catch(() => undefined);
    this.#running = { file, cancel, opened: opening, done, count };
  }

  async #receive(stream: Readable, size: number | undefined, file: string, count: { bytes: number }, signal: AbortSignal): Promise<Received['sums']> {
    const wanted = (Object.keys(checksums) as Checksum[]).filter((name) => name === 'sha256sum' || this.#block[name] !== undefined);
    const hashes = wanted.map((name) => [name, createHash(checksums[name])] as const);
    const meter = new Transform({
      transform(piece: Buffer, _encoding, next) {
        count.bytes += piece.length;
        for (const [, hash] of hashes) hash.update(piece);
        next(null, piece);
      },
    });
    const target = createWriteStream(file, { highWaterMark: megabyte });
    // Whatever breaks takes the rest with it; what closed first is to blame.
    let broken: unknown;
    let meterClosed = false;
    meter.once('close', () => { meterClosed = true; });
    stream.once('error', (error) => { if (!meterClosed) broken = error; });
    try {
      const { undo } = this;
      if (undo === undefined) await pipeline(stream, meter, target, { signal });
      else {
        const [fetched, unpacked] = await Promise.allSettled([pipeline(stream, meter, { signal }), decompress(undo, meter, target, signal)]);
        if (unpacked.status === 'rejected') throw unpacked.reason;
        if (fetched.status === 'rejected') throw fetched.reason;
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (broken === undefined) throw error;
      if (broken instanceof LavaError) throw broken;
      if (size === undefined || count.bytes >= size) throw new InfrastructureError(`Unable to download '${this.#source?.url ?? ''}'`, { code: 'download-broken', cause: broken });
    }
    if (size !== undefined && size !== count.bytes) {
      throw new InfrastructureError(`Download finished (${count.bytes} bytes) but was not expected size (${size} bytes), check your networking.`, { code: 'download-size' });
    }
    return Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')]));
  }

  /**
   * Fetches the file (or waits for what `start` began), with LAVA's lines in the log and the results of the action.
   * @returns the sums of the bytes as they came
   */
  async run(a: Action, file: string): Promise<Received> {
    const { log } = a;
    const source = this.source(a.job);
    const compression = this.#block['compression'];
    log.info(`downloading ${source.url}`);
    log.debug(`saving as ${file}`);
    if (this.#running?.file !== file) this.start(a.job, file, a.signal);
    const running = this.#running;
    if (!running) throw new LavaBug('a transfer that was just started is gone');
    const abort = () => running.cancel.abort(a.signal.reason);
    a.signal.addEventListener('abort', abort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    try {
      const { size, said } = await running.opened;
      for (const line of said) log.debug(line);
      log.debug(size === undefined ? 'total size: unknown' : `total size: ${size} (${Math.floor(size / megabyte)} MB)`);
      this.#logCompression(a);
      const progress = progressLines(size, (line) => log.debug(line));
      timer = setInterval(() => progress(running.count.bytes), progressMs);
      const received = await running.done;
      progress(received.bytes);
      for (const [name, sum] of Object.entries(received.sums) as [Checksum, string][]) {
        const expected = this.#block[name];
        if (expected === undefined || pythonText(expected).toLowerCase() === sum) continue;
        log.error(`${name} of '${source.url}' should be ${pythonText(expected)} and is ${sum}`);
        throw new JobError(`${name} for '${source.url}' does not match.`, { code: 'download-checksum' });
      }
      const megabytes = Math.floor(received.bytes / megabyte);
      log.info(`${megabytes} MB downloaded in ${received.seconds.toFixed(2)} s (${(received.bytes / megabyte / Math.max(received.seconds, 0.001)).toFixed(2)} MB/s)`);
      Object.assign(a.results, { label: this.label, size: received.bytes, ...received.sums });
      return received;
    } catch (error) {
      if (error instanceof JobError && error.code === 'decompression') log.error(`The file does not look compressed with ${pythonText(compression)}: 'compression' of '${this.label}' must match the file.`);
      throw a.signal.aborted ? a.signal.reason : error;
    } finally {
      clearInterval(timer);
      a.signal.removeEventListener('abort', abort);
      this.#running = undefined;
    }
  }

  #logCompression({ log }: Action): void {
    const compression = this.#block['compression'];
    if (this.undo !== undefined) log.debug(`Using ${decompressorName(this.undo)} to decompress ${this.undo}`);
    else if (compression === 'zip') log.info('Compression zip specified but not decompressing during download');
    else if (isCompression(compression)) log.debug('Not decompressing ramdisk as can be used compressed.');
    else log.debug('No compression specified');
  }

  /** Stops what runs ahead and removes what came. */
  async cleanup(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    running.cancel.abort();
    await running.done.catch(() => undefined);
    await rm(running.file, { force: true });
  }
}

/** Says how far a transfer is: every five percent, or every 25 MB when the size is not known. */
function progressLines(size: number | undefined, say: (line: string) => void): (bytes: number) => void {
  let next = 0;
  return (bytes) => {
    const megabytes = Math.floor(bytes / megabyte);
    const reached = size === undefined ? megabytes : size === 0 ? 100 : Math.floor((bytes / size) * 100);
    if (reached < next && !(size !== undefined && reached === 100 && next <= 104)) return;
    next = reached + (size === undefined ? 25 : 5);
    say(size === undefined ? `progress ${megabytes} MB` : `progress ${String(reached).padStart(3)} % (${megabytes} MB)`);
  };
}

/** `{key}` in an URL stands for the value of that key in the device's static_info. */
function fillStaticInfo(url: string, info: unknown): string {
  let filled = url;
  for (const entry of Array.isArray(info) ? info.filter(isMapping) : []) {
    for (const [key, value] of Object.entries(entry)) filled = filled.replaceAll(`{${key}}`, () => pythonText(value));
  }
  return filled;
}
