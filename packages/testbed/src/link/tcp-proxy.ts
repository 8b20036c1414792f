import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

type Weather =
  /** Bytes pass. */
  | 'calm'
  /** Connections break and new ones are refused: a router that restarts. */
  | 'cut'
  /** Connections stay and nothing moves; what was sent arrives later: a congested or frozen network. */
  | 'stalled'
  /** Connections stay and what is sent vanishes: a firewall that forgot them. */
  | 'lossy';

interface Pair { readonly inner: Socket; readonly outer: Socket; lost: boolean }

/** A real TCP proxy on the loopback interface whose network can be made bad. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: { host: string; port: number } | { path: string };
  #weather: Weather = 'calm';
  #stalled: 'both' | 'answers' = 'both';
  #pairs = new Set<Pair>();
  /** Bytes that passed in both directions. */
  passed = 0;

  private constructor(target: { host: string; port: number } | { path: string }) {
    this.#target = target;
    this.#server = createServer((outer) => this.#accept(outer));
  }

  /** A proxy to a port of this machine (or another host), or to a Unix socket, on a free port of the loopback interface (or another address). */
  static async to(target: number | { path: string }, host = '127.0.0.1', listenOn = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(typeof target === 'number' ? { host, port: target } : target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, listenOn, resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Breaks all connections, once or (with `cut`) until `restore`. */
  reset(): void {
    for (const pair of this.#pairs) { pair.outer.resetAndDestroy(); pair.inner.resetAndDestroy(); }
  }

  cut(): void {
    this.#weather = 'cut';
    this.reset();
  }

  /** With `answers` only what the target sends: it goes on hearing and is not heard, so that all is asked again. */
  stall(which: 'both' | 'answers' = 'both'): void {
    this.#weather = 'stalled';
    this.#stalled = which;
    for (const { inner, outer } of this.#pairs) { inner.pause(); if (which === 'both') outer.pause(); }
  }

  drop(): void {
    this.#weather = 'lossy';
    for (const { inner, outer } of this.#pairs) { inner.resume(); outer.resume(); }
  }

  /** All is well again; connections that lost bytes break, as they are of no use. */
  restore(): void {
    this.#weather = 'calm';
    for (const { inner, outer, lost } of this.#pairs) {
      if (lost) { inner.destroy(); outer.destroy(); } else { inner.resume(); outer.resume(); }
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => { this.#server.close(() => resolve()); });
    for (const { inner, outer } of this.#pairs) { inner.destroy(); outer.destroy(); }
    await closed;
  }

  #accept(outer: Socket): void {
    if (this.#weather === 'cut') { outer.resetAndDestroy(); return; }
    const inner = connect(this.#target);
    const pair: Pair = { inner, outer, lost: false };
    this.#pairs.add(pair);
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        if (this.#weather === 'lossy') { pair.lost = true; return; }
        this.passed += bytes.length;
        if (!to.write(bytes)) from.pause();
      });
      const stalled = () => this.#weather === 'stalled' && (this.#stalled === 'both' || from === inner);
      to.on('drain', () => { if (!stalled()) from.resume(); });
      from.on('error', () => undefined);
      from.on('close', () => { to.destroy(); this.#pairs.delete(pair); });
      from.on('end', () => to.end());
      if (stalled()) from.pause();
    }
  }
}
