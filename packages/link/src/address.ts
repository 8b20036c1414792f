import { isIP } from 'node:net';
import { ConfigurationError } from '@lava/base';
import type { ServerAddress } from './messages.ts';

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Host of `tcp://HOST:PORT` without brackets. Throws ConfigurationError when the address is not of this form. */
function hostOf(address: string): string {
  const match = /^tcp:\/\/(\[[^\]]+\]|[^:/\s]+):(\d+|\*)$/.exec(address);
  if (!match?.[1]) {
    throw new ConfigurationError(`"${address}" is no address of the link`, { code: 'link-address', hint: 'Write tcp://HOST:PORT, for example tcp://lava.example.org:5556.' });
  }
  return match[1].replace(/^\[|\]$/g, '');
}

/** Without encryption only this machine may talk to itself, unless `anywhere` was asked for. */
export function requireLoopback(addresses: readonly string[], anywhere: boolean): void {
  for (const address of addresses) {
    if (!anywhere && !isLoopback(hostOf(address))) {
      throw new ConfigurationError(`${address} is not a loopback address, and encryption is off`, {
        code: 'link-plain',
        hint: 'Leave encryption on, use tcp://127.0.0.1:PORT, or give --allow-plain-network if everybody on that network may read job definitions and control the devices.',
      });
    }
  }
}

/** True for an address that can be dialled, by its form. */
export function isDialable(address: string): boolean {
  const port = Number(/^tcp:\/\/(?:\[[\da-fA-F:.]{2,45}\]|[-\w.]{1,253}):(\d{1,5})$/.exec(address)?.[1]);
  return port > 0 && port < 65_536;
}

/**
 * The servers that a worker may find, from its two settings: each one address, or several with commas between them, of which
 * those in the same place belong together.
 * @throws ConfigurationError when one of them has more than the other
 */
export function serverAddresses(master: string, logger: string): readonly ServerAddress[] {
  const list = (text: string) => text.split(',').map((address) => address.trim()).filter((address) => address !== '');
  const [masters, loggers] = [list(master), list(logger)];
  if (masters.length === loggers.length && masters.length > 0) return masters.map((address, n) => ({ master: address, logger: loggers[n]! }));
  throw new ConfigurationError(`MASTER_URL names ${masters.length} servers and LOGGER_URL ${loggers.length}`, {
    code: 'link-address', hint: 'Name each server in both, in the same order, with commas between them.',
  });
}
