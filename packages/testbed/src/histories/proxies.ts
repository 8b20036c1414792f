import { TcpProxy } from '../link/tcp-proxy.ts';

/** The ways of a worker to one port of each server: what happens to one happens to all. */
export class Proxies {
  readonly #all: readonly TcpProxy[];

  private constructor(all: readonly TcpProxy[]) {
    this.#all = all;
  }

  /** @param listenOn address at which the worker finds them */
  static async to(ports: readonly number[], listenOn?: string): Promise<Proxies> {
    return new Proxies(await Promise.all(ports.map((port) => TcpProxy.to(port, '127.0.0.1', listenOn))));
  }

  /** What the worker is told: all of them, with commas between them. */
  addresses(host: string): string {
    return this.#all.map(({ port }) => `tcp://${host}:${port}`).join(',');
  }

  reset(): void { for (const proxy of this.#all) proxy.reset(); }
  cut(): void { for (const proxy of this.#all) proxy.cut(); }
  stall(which?: 'both' | 'answers'): void { for (const proxy of this.#all) proxy.stall(which); }
  drop(): void { for (const proxy of this.#all) proxy.drop(); }
  restore(): void { for (const proxy of this.#all) proxy.restore(); }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((proxy) => proxy.close()));
  }
}
