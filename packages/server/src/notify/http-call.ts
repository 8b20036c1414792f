import { createReadStream } from 'node:fs';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { messageOf, version } from '@lava/base';
import { DeliveryError } from './failure.ts';
import type { NetworkGuard } from './network-guard.ts';

/** A request to an address that a user gave. */
export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** For the first receiver only: it holds secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST: a file with the body. */
  readonly body?: { readonly path: string; readonly size: number; readonly type: string };
}

export interface CallLimits {
  readonly guard: NetworkGuard;
  /** Patterns of host names; undefined: any. */
  readonly hosts: readonly string[] | undefined;
  /** Seconds of silence. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

const mostRedirects = 5;
/** Headers that say how the request itself goes; a definition does not get at them. */
const reserved = new Set(['host', 'connection', 'content-length', 'content-type', 'expect', 'keep-alive', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
/** Refusals that may be gone in a while. */
const passing = new Set([404, 408, 409, 423, 425, 429]);

/** Sends it, redirects included, each of them checked. Throws DeliveryError unless the receiver took it (2xx). */
export async function call(request: Call, limits: CallLimits): Promise<void> {
  let { method } = request;
  let url = checkedUrl(request.url, limits);
  const first = url;
  for (const name of Object.keys(request.headers)) if (reserved.has(name.toLowerCase())) throw new DeliveryError(`the header ${name} cannot carry a token`, { final: true });
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await send(url, method, { ...request, headers: isSameReceiver(first, url) ? request.headers : {} }, limits);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    response.destroy();
    if (status >= 200 && status < 300) return;
    if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) {
      if (!URL.canParse(location, url.href)) throw new DeliveryError(`${url.host} leads to an address that is none`, { final: true });
      url = checkedUrl(new URL(location, url.href).href, limits);
      // As browsers and Python's requests do.
      if (method === 'POST' && status < 304) method = 'GET';
      continue;
    }
    throw new DeliveryError(`${url.host} answered ${status}`, { final: status >= 400 && status < 500 && !passing.has(status) });
  }
  throw new DeliveryError(`${url.host} leads on more than ${mostRedirects} times`, { final: true });
}

function checkedUrl(text: string, { guard, hosts }: CallLimits): URL {
  if (!URL.canParse(text)) throw new DeliveryError('its address is no URL', { final: true });
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new DeliveryError(`its address begins with ${url.protocol}: use http:// or https://`, { final: true });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (hosts && !hosts.some((pattern) => matches(host, pattern))) {
    throw new DeliveryError(`${host} is not one of the hosts in CALLBACK_ALLOWED_HOSTS`, { final: true });
  }
  guard.check(host);
  return url;
}

/** The secrets for one receiver go to it only, also when it moves on to its encrypted half. */
function isSameReceiver(first: URL, now: URL): boolean {
  return first.origin === now.origin || (first.hostname === now.hostname && first.protocol === 'http:' && now.protocol === 'https:' && first.port === '' && now.port === '');
}

/** Shell patterns for host names: `*.example.org`. */
function matches(host: string, pattern: string): boolean {
  const expression = pattern.toLowerCase().replace(/[\\^$.+()|{}[\]]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(host);
}

/** One request; resolves with the head of the answer. */
async function send(url: URL, method: 'GET' | 'POST', { headers, body }: Call, { guard, timeout, signal }: CallLimits): Promise<IncomingMessage> {
  const ownHeaders = { 'user-agent': `lava-server/${version}`, accept: '*/*', ...headers };
  const bodyHeaders = method === 'POST' && body ? { 'content-type': body.type, 'content-length': String(body.size) } : {};
  // Of credentials in the URL Node makes Basic authorization by itself, unless a token stands there.
  const options = { method, headers: { ...ownHeaders, ...bodyHeaders }, lookup: guard.lookup, agent: false as const, signal, timeout: timeout * 1000 };
  try {
    const request: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.on('timeout', () => request.destroy(new Error(`no word for ${timeout} s`)));
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
      request.once('close', () => reject(new Error('the connection was closed without an answer')));
    });
    answered.catch(() => {});
    if (method === 'POST' && body) {
      // A receiver may answer and close before it has read everything.
      await Promise.race([pipeline(createReadStream(body.path), request).catch(() => answered), answered]);
    } else request.end();
    return await answered;
  } catch (error) {
    if (error instanceof DeliveryError) throw error;
    // Node tells which header or character is wrong, not its value.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new DeliveryError(`${url.host}: ${messageOf(error) || code}`, { final: code.startsWith('ERR_INVALID') || code === 'ERR_UNESCAPED_CHARACTERS', cause: error });
  }
}
