import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InfrastructureError, JobError, messageOf } from '@lava/base';

/** Programs that read compressed data and write plain data, and the Debian packages that bring them. */
const decompressors = {
  gz: { name: 'gunzip', argv: undefined, debian: '' },
  bz2: { name: 'bunzip2', argv: ['bunzip2'], debian: 'bzip2' },
  xz: { name: 'unxz', argv: ['unxz'], debian: 'xz-utils' },
  zstd: { name: 'unzstd', argv: ['zstd', '-d', '-c'], debian: 'zstd' },
} as const;

export type Compression = keyof typeof decompressors;

export function isCompression(name: unknown): name is Compression {
  return typeof name === 'string' && Object.hasOwn(decompressors, name);
}

/** Name of the decompressor as the log tells it. */
export function decompressorName(compression: Compression): string {
  return decompressors[compression].name;
}

/**
 * Streams `source` decompressed into `target`.
 * @throws JobError when the data is not what `compression` says, InfrastructureError when the program is missing
 */
export async function decompress(compression: Compression, source: Readable, target: Writable, signal: AbortSignal): Promise<void> {
  const { name, argv, debian } = decompressors[compression];
  const broken = (reason: string) => new JobError(`Decompression subprocess exited with non-zero code: ${reason}`, {
    code: 'decompression', hint: `Does 'compression: ${compression}' match the file?`,
  });
  if (argv === undefined) {
    // In big pieces: each is a turn of a thread.
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    let unzipError: Error | undefined;
    gunzip.once('error', (error) => { unzipError = error; });
    await pipeline(source, gunzip, target, { signal }).catch((error: unknown) => {
      throw unzipError !== undefined && 'code' in unzipError && String(unzipError.code).startsWith('Z_') ? broken(messageOf(unzipError)) : error;
    });
    return;
  }
  const child = spawn(argv[0], argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaint = (complaint + text).slice(0, 2000); });
  const started = once(child, 'spawn').catch((error: unknown) => {
    throw new InfrastructureError(`Cannot run ${name} on this worker: ${messageOf(error)}`, { code: 'decompressor-missing', hint: `Install the Debian package ${debian} on the worker.` });
  });
  const closed = once(child, 'close');
  try {
    await started;
    // The way in breaks when the program ends early; its own complaint says more than the broken pipe.
    const [into, out] = await Promise.allSettled([pipeline(source, child.stdin, { signal }), pipeline(child.stdout, target, { signal })]);
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

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');
}
