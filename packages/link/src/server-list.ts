import { messageOf } from '@lava/base';
import { isDialable, requireLoopback, serverAddresses } from './address.ts';
import { mostServers, type ServerAddress } from './messages.ts';

interface ServerListOptions {
  /** MASTER_URL and LOGGER_URL of the worker. */
  readonly master: string;
  readonly logger: string;
  /** What a server said the last time. */
  readonly learned: readonly ServerAddress[];
  /** Addresses of other machines may be dialled. */
  readonly anywhere: boolean;
}

const same = (a: ServerAddress, b: ServerAddress) => a.master === b.master && a.logger === b.logger;

/**
 * The servers that a worker may find: first those that its admin named, which always stay, then those that a server told.
 * One of them is being dialled. What is told can mislead nobody: only the holder of the server's key is believed.
 */
export class ServerList {
  readonly #configured: readonly ServerAddress[];
  readonly #anywhere: boolean;
  #learned: readonly ServerAddress[] = [];
  #current: ServerAddress;

  /** @throws ConfigurationError when the settings are wrong, or when plain was asked for and one of them is not loopback */
  constructor({ master, logger, learned, anywhere }: ServerListOptions) {
    this.#anywhere = anywhere;
    this.#configured = serverAddresses(master, logger);
    requireLoopback(this.#configured.flatMap(addressesOf), anywhere);
    this.#current = this.#configured[0]!;
    this.learn(learned);
  }

  get current(): ServerAddress {
    return this.#current;
  }

  get hasOthers(): boolean {
    return this.#all.length > 1;
  }

  get length(): number {
    return this.#all.length;
  }

  /** The next one is the current one. */
  next(): void {
    const all = this.#all;
    // One that is not told any more counts as the last: the configured ones come next.
    this.#current = all[(all.findIndex((server) => same(server, this.#current)) + 1) % all.length]!;
  }

  /** Takes what a server told in the place of what was told before; the current one stays so. Returns what was wrong with those left out. */
  learn(servers: readonly ServerAddress[]): string[] {
    const wrong: string[] = [];
    const learned: ServerAddress[] = [];
    for (const server of servers.slice(0, mostServers)) {
      const bad = addressesOf(server).find((address) => !isDialable(address));
      if (bad !== undefined) { wrong.push(`${JSON.stringify(bad.slice(0, 300))} is no address`); continue; }
      try {
        requireLoopback(addressesOf(server), this.#anywhere);
        if (![...this.#configured, ...learned].some((known) => same(known, server))) learned.push({ master: server.master, logger: server.logger });
      } catch (error) {
        wrong.push(messageOf(error));
      }
    }
    this.#learned = learned;
    return wrong;
  }

  get #all(): readonly ServerAddress[] {
    return [...this.#configured, ...this.#learned];
  }
}

const addressesOf = ({ master, logger }: ServerAddress) => [master, logger];
