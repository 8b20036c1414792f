import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InfrastructureError, JobError, messageOf } from '@lava/base';

interface Decompressor {
  /** As the log tells it. */
  readonly name: string;
  readonly argv?: readonly [string, ...string[]];
  readonly intoFile?: readonly string[];
  readonly debian: string;
}

/** Programs that read compressed data and write plain data, and the Debian packages that bring them. Into a file xz leaves holes for zeros, zstd if told so. */
const decompressors = {
  gz: { name: 'gunzip', debian: '' },
  bz2: { name: 'bunzip2', argv: ['bunzip2'], debian: 'bzip2' },
  // With all processors where the file is made of several blocks.
  xz: { name: 'unxz', argv: ['xz', '-d', '-c', '-T0'], debian: 'xz-utils' },
  zstd: { name: 'unzstd', argv: ['zstd', '-d', '-c'], intoFile: ['--sparse'], debian: 'zstd' },
} as const satisfies Record<string, Decompressor>;

export type Compression = keyof typeof decompressors;

export function isCompression(name: unknown): name is Compression {
  return typeof name === 'string' && Object.hasOwn(decompressors, name);
}

/** Name of the decompressor as the log tells it. */
export function decompressorName(compression: Compression): string {
  return decompressors[compression].name;
}

/**
 * Streams `source` decompressed into `target`. Into a file the program writes by itself.
 * @throws JobError when the data is not what `compression` says, InfrastructureError when the program is missing
 */
export async function decompress(compression: Compression, source: Readable, target: Writable | FileHandle, signal: AbortSignal): Promise<void> {
  const { name, argv, debian, intoFile = [] }: Decompressor = decompressors[compression];
  const broken = (reason: string) => new JobError(`Decompression subprocess exited with non-zero code: ${reason}`, {
    code: 'decompression', hint: `Does 'compression: ${compression}' match the file?`,
  });
  const file = target instanceof Writable ? undefined : target;
  if (argv === undefined) {
    // In big pieces: each is a turn of a thread.
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    let unzipError: Error | undefined;
    gunzip.once('error', (error) => { unzipError = error; });
    await pipeline(source, gunzip, target instanceof Writable ? target : writerOf(target), { signal }).catch((error: unknown) => {
      throw unzipError !== undefined && 'code' in unzipError && String(unzipError.code).startsWith('Z_') ? broken(messageOf(unzipError)) : error;
    });
    return;
  }
  const child = spawn(argv[0], [...argv.slice(1), ...(file ? intoFile : [])], { stdio: ['pipe', file?.fd ?? 'pipe', 'pipe'] }) as ChildProcessByStdio<Writable, Readable | null, Readable>;
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaint = (complaint + text).slice(0, 2000); });
  const started = once(child, 'spawn').catch((error: unknown) => {
    throw new InfrastructureError(`Cannot run ${name} on this worker: ${messageOf(error)}`, { code: 'decompressor-missing', hint: `Install the Debian package ${debian} on the worker.` });
  });
  const closed = once(child, 'close');
  try {
    await started;
    // The way in breaks when the program ends early; its own complaint says more than the broken pipe.
    const [into, out] = await Promise.allSettled([pipeline(source, child.stdin, { signal }), child.stdout === null ? undefined : pipeline(child.stdout, target as Writable, { signal })]);
    const [status] = (await closed) as [number | null];
    if (signal.aborted) throw signal.reason;
    if (out.status === 'rejected') throw out.reason;
    if (status !== 0) {
      if (into.status === 'rejected' && !isBrokenPipe(into.reason)) throw into.reason;
      throw broken(complaint.trim() || String(status));
    }
    if (into.status === 'rejected') throw into.reason;
  } finally {
    child.kill('SIGKILL');
  }
}

function writerOf(file: FileHandle): Writable {
  return Writable.fromWeb(new WritableStream({ write: (piece: Buffer) => file.writeFile(piece) }), { highWaterMark: 1 << 20 });
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');
}
