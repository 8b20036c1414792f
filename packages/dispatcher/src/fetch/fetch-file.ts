import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LavaError, messageOf } from '@lava/base';
import type { DownloadCache } from '../cache/download-cache.ts';
import type { Entry } from '../cache/entry.ts';
import { handOver, moveOut } from '../cache/hand-over.ts';
import type { Slot } from '../cache/slot.ts';
import type { CacheNames } from './cache-names.ts';
import type { Compression } from './compression.ts';
import { receive, type Checksum, type Sums } from './receive.ts';
import type { Opened, Source } from './source.ts';

export interface FileWish {
  readonly source: Source;
  /** Where the job wants it. */
  readonly file: string;
  readonly undo: Compression | undefined;
  /** What the job says of the bytes as they come; in lower case. */
  readonly expected: Sums;
  /** The job only reads the file. */
  readonly reads: boolean;
  /** Undefined: it must come from its source. */
  readonly names: CacheNames | undefined;
  readonly cache: DownloadCache;
}

export interface Progress {
  /** Lines for the log. */
  readonly say: (text: string) => void;
  /** Called once it is known what comes. */
  readonly opened: (size: number | undefined) => void;
  /** Bytes so far. */
  readonly count: { bytes: number };
  readonly signal: AbortSignal;
}

export interface Fetched {
  /** Of the bytes as they came. */
  readonly sums: Sums;
  /** None of them came over the network, and none was decompressed. */
  readonly cached: boolean;
}

/** Brings a file to its place, from the cache of the worker if that has it. @throws LavaError */
export async function fetchFile(wish: FileWish, progress: Progress): Promise<Fetched> {
  await mkdir(dirname(wish.file), { recursive: true });
  // What is on this machine and used as it is needs no other copy.
  const local = wish.source.action === 'pre-downloaded' || (wish.source.action === 'file-download' && wish.undo === undefined);
  if (local || wish.names === undefined) return fetchDirectly(wish, progress, await openNow(wish.source, progress));
  const fetched = await fromContents(wish, wish.names, progress) ?? await fetchThroughSlot(wish, wish.names, progress);
  await wish.cache.tally(fetched.cached);
  return fetched;
}

/** A file whose content the job tells by a checksum needs no question to anybody. */
async function fromContents(wish: FileWish, names: CacheNames, progress: Progress): Promise<Fetched | undefined> {
  const entry = await findContents(wish.cache, names, wish.expected);
  return entry && await takeEntry(wish, entry, progress, 'its checksum is known') ? { sums: entry.sums, cached: true } : undefined;
}

/** What the cache has of the content that is wanted. */
export async function findContents(cache: DownloadCache, names: CacheNames, expected: Sums): Promise<Entry | undefined> {
  const entry = await cache.find([...names.contents(expected), ...names.publicContents(expected)]);
  return entry && matches(entry.sums, expected) ? entry : undefined;
}

const matches = (sums: Entry['sums'], expected: Sums) => Object.entries(expected).every(([name, sum]) => sums[name] === sum);

async function takeEntry({ cache, file, reads }: FileWish, entry: Entry, { say, opened, count, signal }: Progress, why: string): Promise<boolean> {
  if (!(await cache.take(entry, file, reads, signal))) return false;
  say(`Using the cache of this worker: ${why}`);
  count.bytes = entry.received;
  opened(entry.received);
  return true;
}

async function fetchThroughSlot(wish: FileWish, names: CacheNames, progress: Progress): Promise<Fetched> {
  const { cache, source, expected } = wish;
  const { say, signal } = progress;
  const slot = await cache.slot(names.address, { signal, onWait: () => say('Another download of this worker fetches the same file: waiting for it') }).catch((error: unknown) => {
    signal.throwIfAborted();
    say(`The cache of this worker cannot be used: ${messageOf(error)}`);
  });
  if (!slot) return fetchDirectly(wish, progress, await openNow(source, progress));
  let mine = true;
  try {
    const before = await fromContents(wish, names, progress);
    if (before) return before;
    const known = await cache.find([names.address]);
    // An answer that nothing has changed would bring bytes that the job does not want.
    const whole = known && matches(known.sums, expected) ? known : undefined;
    const part = await slot.part();
    let answer = await source.open(say, signal, { whole: whole?.version, part });
    if (answer === 'unchanged') {
      if (whole && await takeEntry(wish, whole, progress, 'its server says that it is unchanged')) return { sums: whole.sums, cached: true };
      answer = await openNow(source, progress);
    }
    const keeps = cache.keeps && (answer.version !== undefined || Object.keys(expected).length > 0);
    if (!keeps && !answer.resumable) {
      // Nobody can use what comes here: others need not wait.
      await slot.discard();
      mine = false;
      await slot.release();
      return await fetchDirectly(wish, progress, answer);
    }
    const { sums, path, size } = await fillSlot(wish, slot, progress, answer);
    if (!matches(sums, expected) || !keeps || !cache.fits(size)) {
      await moveOut(path, wish.file, signal);
      mine = false;
      await (path === slot.raw ? slot.leave() : slot.discard().then(() => slot.release()));
    } else {
      await handOver(path, wish.file, wish.reads, signal);
      mine = false;
      cache.save(slot, path, [...(answer.version ? [names.address] : []), ...names.contents(sums)], {
        file: `${sums.sha256sum ?? ''}.${wish.undo ?? 'raw'}`, size, received: progress.count.bytes, sums: sums as Entry['sums'], address: names.shown, ...(answer.version && { version: answer.version }),
      });
    }
    return { sums, cached: false };
  } finally {
    if (mine) await slot.release();
  }
}

/** Fetches what is missing in the slot. @returns the file of it that the job wants */
async function fillSlot(wish: FileWish, slot: Slot, progress: Progress, answer: Opened): Promise<{ sums: Sums; path: string; size: number }> {
  const { cache, source, undo, expected } = wish;
  const { count, signal, say, opened } = progress;
  const from = answer.from ?? 0;
  try {
    if (from > 0) say(`Going on after ${from} bytes that an earlier download got`);
    else await slot.begin(answer.resumable ? answer.version : undefined);
    await cache.makeRoom((answer.size ?? 0) - from);
    opened(answer.size);
    const sums = await receive({
      opened: answer, url: source.url, count, signal, wanted: wantedSums(expected),
      // What is on this machine anyway can be read again.
      raw: undo !== undefined && source.action === 'file-download' ? undefined : slot.handle,
      undo: undo && { compression: undo, file: slot.plain },
    });
    const path = undo ? slot.plain : slot.raw;
    const handle = undo ? await open(path) : slot.handle;
    const { size } = await handle.stat();
    if (undo) await handle.close();
    else await handle.chmod(0o644);
    return { sums, path, size };
  } catch (error) {
    answer.stream.destroy();
    // A broken connection leaves good bytes; whatever else it was may lie in them.
    if (!signal.aborted && !(error instanceof LavaError && error.type === 'Infrastructure')) await slot.discard();
    throw error;
  }
}

async function fetchDirectly({ source, file, undo, expected }: FileWish, { opened, count, signal }: Progress, answer: Opened): Promise<Fetched> {
  opened(answer.size);
  const wanted = wantedSums(expected);
  if (undo) return { sums: await receive({ opened: answer, url: source.url, raw: undefined, undo: { compression: undo, file }, wanted, count, signal }), cached: false };
  const raw = await open(file, 'w', 0o644);
  try {
    return { sums: await receive({ opened: answer, url: source.url, raw, undo: undefined, wanted, count, signal }), cached: false };
  } finally {
    await raw.close();
  }
}

async function openNow(source: Source, { say, signal }: Progress): Promise<Opened> {
  const answer = await source.open(say, signal);
  if (answer === 'unchanged') throw new TypeError('nothing was known that could be unchanged');
  return answer;
}

/** The sum by which the cache names files is always taken. */
const wantedSums = (expected: Sums): Checksum[] => [...new Set<Checksum>(['sha256sum', ...Object.keys(expected) as Checksum[]])];
