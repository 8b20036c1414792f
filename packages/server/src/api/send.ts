import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

const safe = (name: string) => name.replace(/[^\w.+~-]/g, '_');

/** Names a download, without quotes, since scripts split the header; what would need them becomes `_`. */
export function attachment(reply: FastifyReply, name: string): FastifyReply {
  return reply.header('content-disposition', `attachment; filename=${safe(name)}`);
}

/** Names a download in quotes: LAVA's result pages always had them. */
export function quotedAttachment(reply: FastifyReply, name: string): FastifyReply {
  return reply.header('content-disposition', `attachment; filename="${safe(name)}"`);
}

/** Sends what a generator makes, at the reader's pace. */
export function stream(reply: FastifyReply, type: string, parts: AsyncIterable<string | Buffer>): FastifyReply {
  return reply.type(type).send(Readable.from(parts));
}

/** Sends a file as it is now: what is appended meanwhile is not part of the answer. */
export async function file(reply: FastifyReply, type: string, path: string): Promise<FastifyReply> {
  const { size } = await stat(path);
  reply.type(type).header('content-length', size);
  if (size === 0) return reply.send('');
  return reply.send(createReadStream(path, { end: size - 1 }));
}
