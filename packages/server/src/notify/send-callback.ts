import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { callbackToken } from './callback-token.ts';
import { formBody, jsonBody, payloadFields } from './callback-payload.ts';
import { DeliveryError } from './failure.ts';
import { call, type Call } from './http-call.ts';
import type { JobFacts } from './job-facts.ts';
import type { Callback } from './notify-block.ts';
import type { SendContext } from './send-context.ts';
import { receiverKey, startSignature } from './signature.ts';

/** Calls back: GET without a body, POST with what the definition asks for, the token and the signature in headers. */
export async function sendCallback(context: SendContext, callback: Callback, facts: JobFacts, { url, delivery }: { url: string; delivery: string }): Promise<void> {
  const { services, settings: { callback: limits }, guard, signal } = context;
  const headers: Record<string, string> = { 'x-lava-delivery': delivery };
  if (callback.token !== undefined) headers[callback.header] = await callbackToken(services.db, facts.submitter, callback.token);
  const signature = limits.signingKey === undefined || !URL.canParse(url) ? undefined : startSignature(receiverKey(limits.signingKey, new URL(url).origin));

  const finish = async (body?: Call['body']) => {
    if (signature) headers['x-lava-signature'] = signature.header();
    try {
      await call({ url, method: callback.method, headers, body }, { guard, hosts: limits.hosts, timeout: limits.timeout, signal });
    } catch (error) {
      throw withoutSecret(error, headers[callback.header]);
    }
  };
  if (callback.method === 'GET') return finish();

  const fields = await payloadFields(services, facts, callback.dataset);
  const json = callback.contentType === 'json';
  // The length and the signature go before the body, and a body with a log may be larger than memory.
  await mkdir(context.spool, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(context.spool, 'callback-'));
  try {
    const path = join(folder, 'body');
    await pipeline(Readable.from(signed(json ? jsonBody(fields) : formBody(fields), signature)), createWriteStream(path, { mode: 0o600 }), { signal });
    await finish({ path, size: (await stat(path)).size, type: json ? 'application/json' : 'application/x-www-form-urlencoded' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* signed(pieces: AsyncIterable<string>, signature: { update(text: string): void } | undefined): AsyncGenerator<string> {
  for await (const piece of pieces) {
    signature?.update(piece);
    yield piece;
  }
}

/** Shorter texts are no secrets, and stand in every other word. */
const shortestSecret = 6;

/** What is said of a failure may repeat what was sent. */
function withoutSecret(error: unknown, secret = ''): unknown {
  if (!(error instanceof DeliveryError) || secret.length < shortestSecret || !error.message.includes(secret)) return error;
  return new DeliveryError(error.message.replaceAll(secret, '…'), { final: error.final });
}
