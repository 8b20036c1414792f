import { setTimeout as sleep } from 'node:timers/promises';
import { InfrastructureError, messageOf } from '@lava/base';
import { asText } from '../text/as-text.ts';
import type { Dispatcher } from 'undici';
import { compilePattern } from '../expect/pattern.ts';
import type { Version } from '../cache/entry.ts';
import { piecesOf } from './pieces.ts';
import { rangeFrom, readAnswer, unlessStill, type AnswerHead } from './http-headers.ts';
import type { Have, Opened, Source, Unavailable } from './source.ts';

type Say = (text: string) => void;

/** Answers that may be better in a moment. */
const passing = new Set([408, 413, 420, 425, 429, 430, 500, 502, 503, 504, 507, 509, 529, 598]);
/** Tries after the first. A check has fewer: all files are checked before the job starts. */
const retries = { check: 5, download: 15 };
const firstPauseMs = 200;
const longestPauseMs = 120_000;
const checkTimeoutMs = 60_000;

/** A file on a web server. Bytes are taken as they are sent: no content encoding is asked for or undone. */
export class HttpSource implements Source {
  readonly action = 'http-download';
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #settings: Readonly<Record<string, unknown>>;
  /** Set when the cache does not have it. */
  #bypassCache = false;

  constructor(url: string, headers: Readonly<Record<string, string>>, settings: Readonly<Record<string, unknown>>) {
    this.url = url;
    this.#headers = headers;
    this.#settings = settings;
  }

  async check(say: Say, signal: AbortSignal): Promise<Unavailable | undefined> {
    const cache = this.#cacheFormat();
    if (cache !== undefined && cache.split('%s').length !== 2) return { text: `Invalid http_url_format_string: '${cache}'`, code: 'configuration-file' };
    const target = this.#target(say);
    say(`Validating that ${target} exists`);
    const problem = await this.#probe(target, say, signal);
    if (problem === undefined || cache === undefined) return problem;
    if (this.#settings['http_cache_fallback_origin_url'] !== true) return { text: `Unable to get '${target}'`, code: problem.code };
    this.#bypassCache = true;
    return this.#probe(this.url, say, signal);
  }

  async #probe(url: string, say: Say, signal: AbortSignal): Promise<Unavailable | undefined> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(checkTimeoutMs)]);
    try {
      let answer = await this.#request('HEAD', url, limited, retries.check);
      await answer.end();
      if (answer.status !== 200) {
        say('Using GET because HEAD is not supported properly');
        answer = await this.#request('GET', url, limited, retries.check);
        await answer.end();
      }
      return answer.status === 200 ? undefined : { text: `Resource unavailable at '${url}' (${answer.status})`, code: `download-${answer.status}` };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      return limited.aborted ? { text: `'${url}' timed out`, code: 'download-timeout' } : { text: `Unable to get '${url}': ${reasonOf(error)}`, code: 'download-connection' };
    }
  }

  async open(say: Say, signal: AbortSignal, { whole, part }: Have = {}): Promise<Opened | 'unchanged'> {
    const url = this.#target(say);
    let answer = await this.#get(url, signal, part ? rangeFrom(part.bytes, part.version) : whole ? unlessStill(whole) : {});
    if (part && (answer.status === 416 || (answer.status === 206 && answer.from !== part.bytes))) {
      await answer.end();
      answer = await this.#get(url, signal, {});
    }
    if (whole && !part && answer.status === 304) {
      await answer.end();
      return 'unchanged';
    }
    if (answer.status !== 200 && !(answer.status === 206 && answer.from === part?.bytes)) {
      await answer.end();
      throw new InfrastructureError(`Unable to download '${url}'`, { code: `download-${answer.status}`, hint: `The server answered ${answer.status}.` });
    }
    const { size, from = 0, version, resumable } = answer;
    const connection = { answer };
    const stream = Object.assign(this.#body(url, connection, say, signal), { destroy: () => void connection.answer.end() });
    return { stream, size, from, version, resumable };
  }

  /** What an answer brings; when the connection breaks, the rest over another one, as long as it is the same version. */
  async *#body(url: string, connection: { answer: Answer }, say: Say, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { size, version, resumable, from } = connection.answer;
    let at = from ?? 0;
    for (let fruitless = 0; ; fruitless += 1) {
      const begin = at;
      let broken: unknown;
      try {
        for await (const piece of connection.answer.pieces) {
          at += piece.length;
          yield piece;
        }
      } catch (error) {
        broken = error;
      } finally {
        await connection.answer.end();
      }
      signal.throwIfAborted();
      if (broken === undefined && (size === undefined || at >= size)) return;
      if (at > begin) fruitless = 0;
      const next = resumable && version && fruitless < retries.download ? await this.#rest(url, at, version, signal) : undefined;
      if (!next) {
        if (broken !== undefined) throw broken;
        return;
      }
      say(`The connection broke after ${at} bytes; going on from there`);
      connection.answer = next;
    }
  }

  async #rest(url: string, at: number, version: Version, signal: AbortSignal): Promise<Answer | undefined> {
    const answer = await this.#get(url, signal, rangeFrom(at, version));
    if (answer.status === 206 && answer.from === at) return answer;
    await answer.end();
    return undefined;
  }

  async #get(url: string, signal: AbortSignal, headers: Readonly<Record<string, string>>): Promise<Answer> {
    try {
      return await this.#request('GET', url, signal, retries.download, headers);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new InfrastructureError(`Unable to get '${url}': ${reasonOf(error)}`, { code: 'download-connection', cause: error });
    }
  }

  /** The address to ask: that of the worker's caching proxy, if there is one for this URL. */
  #target(say: Say): string {
    const format = this.#cacheFormat();
    if (format === undefined || this.#bypassCache) return this.url;
    say(`Using caching service: '${format}'`);
    return format.replace('%s', () => encodeURIComponent(this.url).replaceAll('%20', '+'));
  }

  #cacheFormat(): string | undefined {
    const format = this.#settings['http_url_format_string'];
    if (typeof format !== 'string' || format === '') return undefined;
    const matches = (rules: unknown) => Array.isArray(rules) && rules.some((rule) => compilePattern(asText(rule)).search(this.url) !== undefined);
    const include = this.#settings['http_cache_include_rules'];
    if (Array.isArray(include) && include.length > 0 && !matches(include)) return undefined;
    return matches(this.#settings['http_cache_exclude_rules']) ? undefined : format;
  }

  async #request(method: 'HEAD' | 'GET', url: string, signal: AbortSignal, tries: number, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    // Loaded when needed: most jobs on a desk use files, and it is the biggest part of starting up.
    const { EnvHttpProxyAgent, interceptors, request } = await import('undici');
    for (let attempt = 0; ; attempt += 1) {
      const agent = new EnvHttpProxyAgent();
      const end = async () => { await agent.destroy(); };
      let pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
      try {
        const { statusCode, headers, body } = await request(withoutCredentials(url), {
          method, signal, headers: { 'accept-encoding': 'identity', 'user-agent': 'lava-dispatcher', ...credentials(url), ...this.#headers, ...more },
          dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 10 })) as Dispatcher,
        });
        if (!passing.has(statusCode) || attempt >= tries) return { ...readAnswer(statusCode, headers), pieces: piecesOf(body), end: async () => { body.on('error', () => undefined).destroy(); await end(); } };
        body.on('error', () => undefined).destroy();
        const wanted = Number(headers['retry-after']);
        if (wanted > 0) pauseMs = Math.min(longestPauseMs, wanted * 1000);
      } catch (error) {
        await end();
        if (signal.aborted || attempt >= tries || !isConnectionError(error)) throw error;
      }
      await end();
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

interface Answer extends AnswerHead {
  readonly pieces: AsyncIterable<Buffer>;
  /** Closes the connection. */
  end(): Promise<void>;
}

/** The user and password that an address may hold, as a header. */
function credentials(url: string): Record<string, string> {
  const { username, password } = new URL(url);
  if (username === '') return {};
  return { authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` };
}

function withoutCredentials(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(E[A-Z]+|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT))$/.test(error.code);
}

/** An error of several attempts (IPv4 and IPv6) has no text of its own. */
function reasonOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error);
}
