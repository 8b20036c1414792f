import type { Readable } from 'node:stream';

/** Bytes that wait to be used before no more are taken. */
const most = 1 << 20;

/** What a stream brings from now on, piece by piece as it comes, also what came right before it broke (its own iterator forgets that). */
export function piecesOf(stream: Readable): AsyncIterable<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let end: { readonly error?: unknown } | undefined;
  let wake: () => void = () => undefined;
  stream.on('data', (piece: Buffer) => {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes >= most) stream.pause();
    wake();
  });
  stream.once('end', () => { end ??= {}; wake(); });
  stream.once('error', (error) => { end ??= { error }; wake(); });
  stream.once('close', () => { end ??= { error: new Error('the stream was closed before its end') }; wake(); });

  async function* pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const come = waiting;
      waiting = [];
      bytes = 0;
      if (stream.isPaused()) stream.resume();
      yield* come;
      if (waiting.length > 0) continue;
      if (end) {
        if ('error' in end) throw end.error;
        return;
      }
      await new Promise<void>((resolve) => { wake = resolve; });
    }
  }
  return pieces();
}
