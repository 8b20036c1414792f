import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { JobError, LavaBug, monotonicMs } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { DownloadCache } from '../cache/download-cache.ts';
import { pythonText } from '../text/shell-text.ts';
import type { Action } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { cacheNames, type CacheNames } from './cache-names.ts';
import { decompressorName, isCompression, type Compression } from './compression.ts';
import { fetchFile, findContents } from './fetch-file.ts';
import { checksums, type Checksum, type Sums } from './receive.ts';
import type { Source, Unavailable } from './source.ts';
import { sourceOf } from './source-of.ts';

const megabyte = 1 << 20;
/** Milliseconds between two looks at how far a transfer is. */
const progressMs = 100;

export interface TransferOptions {
  /** Key of the image; `ramdisk` is kept as it comes. */
  readonly label: string;
  /** The url block. */
  readonly block: Mapping;
  /** Whose files `downloads://` means. */
  readonly namespace?: string;
  /** Nothing writes to the fetched file: it need not be a copy of that in the cache. */
  readonly reads?: boolean;
}

interface Received {
  readonly bytes: number;
  readonly seconds: number;
  readonly sums: Sums;
  /** It was in the cache of the worker. */
  readonly cached: boolean;
}

/** A transfer under way. */
interface Running {
  readonly file: string;
  readonly cancel: AbortController;
  /** It is known what comes. @returns bytes, if known */
  readonly opened: Promise<number | undefined>;
  /** Lines for the log that were not told yet. */
  readonly said: string[];
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
  readonly #reads: boolean;
  #source: Source | undefined;
  #check: Promise<{ said: string[]; problem: Unavailable | undefined }> | undefined;
  #running: Running | undefined;

  constructor({ label, block, namespace = 'common', reads = false }: TransferOptions) {
    this.label = label;
    this.#reads = reads;
    this.#block = block;
    this.#namespace = namespace;
  }

  /** @throws JobError for an address that cannot be fetched */
  source(job: JobContext): Source {
    return this.#source ??= sourceOf(job, {
      url: fillStaticInfo(pythonText(this.#block['url']), job.device['static_info']),
      headers: this.#headers, useCache: this.#useCache, namespace: this.#namespace,
    });
  }

  get #headers(): Record<string, string> {
    const headers = this.#block['headers'];
    return isMapping(headers) ? Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, pythonText(v)])) : {};
  }

  get #useCache(): boolean {
    return this.#block['use_cache'] !== false;
  }

  #names(job: JobContext): CacheNames | undefined {
    return this.#useCache ? cacheNames(job, { url: this.source(job).url, headers: this.#headers, undo: this.undo }) : undefined;
  }

  /** The sums that the block says. */
  get #expected(): Sums {
    const told = (Object.keys(checksums) as Checksum[]).filter((name) => this.#block[name] !== undefined);
    return Object.fromEntries(told.map((name) => [name, pythonText(this.#block[name]).toLowerCase()]));
  }

  /** The compression to undo on the way. */
  get undo(): Compression | undefined {
    const compression = this.#block['compression'];
    return this.label !== 'ramdisk' && isCompression(compression) ? compression : undefined;
  }

  /** Starts to look whether the file is there. */
  startCheck(job: JobContext, signal: AbortSignal): void {
    const said: string[] = [];
    this.#check ??= this.#isThere(job, (text) => said.push(text), signal).then((problem) => ({ said, problem }));
    this.#check.catch(() => undefined);
  }

  async #isThere(job: JobContext, say: (text: string) => void, signal: AbortSignal): Promise<Unavailable | undefined> {
    const source = this.source(job);
    const names = this.#names(job);
    const entry = job.cache && names && await findContents(job.cache, names, this.#expected);
    if (!entry) return source.check(say, signal);
    say(`'${source.url}' is in the cache of this worker`);
    return undefined;
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
    let opened: (size: number | undefined) => void = () => undefined;
    const opening = new Promise<number | undefined>((resolve) => { opened = resolve; });
    const fetching = (async () => fetchFile({
      source: this.source(job), file, undo: this.undo, expected: this.#expected, reads: this.#reads, names: this.#names(job), cache: job.cache ?? DownloadCache.without(job.scratch),
    }, { say: (text) => said.push(text), opened, count, signal: either }))();
    const done = fetching.then((fetched) => ({ ...fetched, bytes: count.bytes, seconds: (monotonicMs() - started) / 1000 }));
    done.catch(() => undefined);
    this.#running = { file, cancel, opened: Promise.race([opening, done.then(() => undefined)]), said, done, count };
    this.#running.opened.catch(() => undefined);
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
      const tell = () => { for (const line of running.said.splice(0)) log.debug(line); };
      timer = setInterval(tell, progressMs);
      const size = await running.opened;
      clearInterval(timer);
      tell();
      log.debug(size === undefined ? 'total size: unknown' : `total size: ${size} (${Math.floor(size / megabyte)} MB)`);
      this.#logCompression(a);
      const progress = progressLines(size, (line) => log.debug(line));
      timer = setInterval(() => {
        tell();
        progress(running.count.bytes);
      }, progressMs);
      const received = await running.done;
      tell();
      progress(received.bytes);
      this.#checkSums(a, received.sums);
      const megabytes = Math.floor(received.bytes / megabyte);
      log.info(received.cached ? `${megabytes} MB taken from the cache of this worker in ${received.seconds.toFixed(2)} s`
        : `${megabytes} MB downloaded in ${received.seconds.toFixed(2)} s (${(received.bytes / megabyte / Math.max(received.seconds, 0.001)).toFixed(2)} MB/s)`);
      const names = ['sha256sum', ...Object.keys(this.#expected)] as Checksum[];
      Object.assign(a.results, { label: this.label, size: received.bytes, ...Object.fromEntries((Object.keys(checksums) as Checksum[]).filter((name) => names.includes(name)).map((name) => [name, received.sums[name]])) });
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

  #checkSums({ log, job }: Action, sums: Sums): void {
    const { url } = this.source(job);
    for (const [name, expected] of Object.entries(this.#expected) as [Checksum, string][]) {
      if (expected === sums[name]) continue;
      log.error(`${name} of '${url}' should be ${expected} and is ${sums[name] ?? ''}`);
      throw new JobError(`${name} for '${url}' does not match.`, { code: 'download-checksum' });
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
