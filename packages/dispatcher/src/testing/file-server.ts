import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a file is served. */
export interface ServedFile {
  readonly bytes: Buffer;
  /** Default: a strong one of the content; null: none. */
  readonly etag?: string | null;
  readonly modified?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked for by others than who sends this header: 401. */
  readonly secret?: string;
  /** Ranges are not known. */
  readonly plain?: boolean;
  /** Cut the connection after so many bytes of an answer, so many times. */
  cut?: { readonly after: number; times: number };
  /** Answer so many requests for a range with 403. */
  refuseRanges?: number;
  /** Send 64 KiB at a time, with such pauses. */
  readonly pauseMs?: number;
  /** Answers wait for this after their first bytes. */
  readonly hold?: Promise<unknown>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  status: number;
  /** Of the body, as far as it was sent. */
  bytes: number;
}

/** A web server that counts what it is asked, knows conditions and ranges (RFC 9110), and can be told to fail. */
export class FileServer {
  readonly files = new Map<string, ServedFile>();
  asked: Asked[] = [];
  readonly #server = createServer((request, response) => { void this.#answer(request, response); });
  #port = 0;

  static async start(): Promise<FileServer> {
    const server = new FileServer();
    await server.#listen();
    return server;
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve) => { this.#server.listen(this.#port, '127.0.0.1', resolve); });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Bodies that were begun. */
  get bodies(): number {
    return this.asked.filter(({ method, status }) => method === 'GET' && (status === 200 || status === 206)).length;
  }

  /** Goes away; connections break. */
  async stop(): Promise<void> {
    await new Promise((resolve) => { this.#server.close(resolve); this.#server.closeAllConnections(); });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked: Asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, status: 404, bytes: 0 };
    this.asked.push(asked);
    const end = (status: number, headers: Record<string, string> = {}) => { asked.status = status; response.writeHead(status, headers).end(); };
    const file = this.files.get(asked.path);
    if (!file) return end(404);
    if (file.secret !== undefined && request.headers['x-secret'] !== file.secret) return end(401);
    const etag = file.etag === undefined ? `"${createHash('md5').update(file.bytes).digest('hex')}"` : file.etag;
    const validators = { ...(etag !== null && { etag }), ...(file.modified !== undefined && { 'last-modified': file.modified }), ...file.headers };
    const { 'if-none-match': none, 'if-modified-since': since, range, 'if-range': ifRange } = request.headers;
    if (etag !== null ? none === etag : since !== undefined && since === file.modified) return end(304, validators);
    if (range !== undefined && (file.refuseRanges ?? 0) > 0) {
      file.refuseRanges! -= 1;
      return end(403);
    }
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const partial = range !== undefined && !file.plain && (ifRange === etag || ifRange === file.modified);
    if (partial && from >= file.bytes.length) return end(416, { 'content-range': `bytes */${file.bytes.length}` });
    const body = file.bytes.subarray(partial ? from : 0);
    asked.status = partial ? 206 : 200;
    response.writeHead(asked.status, { ...validators, 'content-length': body.length, ...(partial && { 'content-range': `bytes ${from}-${file.bytes.length - 1}/${file.bytes.length}` }) });
    if (asked.method === 'HEAD') return void response.end();
    const { cut } = file;
    if (cut && cut.times > 0 && body.length > cut.after) {
      cut.times -= 1;
      asked.bytes = cut.after;
      response.write(body.subarray(0, cut.after), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    for (let at = 0; file.pauseMs !== undefined && at < body.length; at += 1 << 16) {
      response.write(body.subarray(at, at + (1 << 16)));
      await new Promise((resolve) => { setTimeout(resolve, file.pauseMs); });
    }
    if (file.pauseMs !== undefined) return void response.end();
    const first = file.hold ? Math.min(body.length, 1 << 16) : body.length;
    response.write(body.subarray(0, first));
    asked.bytes += first;
    await file.hold;
    asked.bytes = body.length;
    response.end(body.subarray(first));
  }
}
