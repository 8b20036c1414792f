import { ConfigurationError } from '@lava/base';
import { addressesIn } from '../settings/networks.ts';

/** Where LAVA's own workers find the coordinator of multinode groups. */
export interface CoordinatorSettings {
  readonly host: string;
  readonly port: number;
  /** Whether a request from this address is looked at. */
  readonly isAllowed: (address: string) => boolean;
}

/** LAVA's port. */
const usualPort = 3079;

/**
 * `COORDINATOR_ADDRESS` and `COORDINATOR_NETWORKS` of an installation; undefined: there is no coordinator port.
 * @throws ConfigurationError `settings-file` when one of them cannot be understood
 */
export function coordinatorSettings(settings: Readonly<Record<string, unknown>>): CoordinatorSettings | undefined {
  const address = settings['COORDINATOR_ADDRESS'];
  if (address === undefined || address === null || address === '') return undefined;
  const match = typeof address === 'string' ? /^(\[[0-9a-fA-F:]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(address) : null;
  const port = Number(match?.[2] ?? usualPort);
  if (!match || port > 65_535) {
    throw new ConfigurationError(`COORDINATOR_ADDRESS is ${JSON.stringify(address)}`, { code: 'settings-file', hint: 'Write an address of this machine, 192.0.2.1 or 192.0.2.1:3079, or leave it out.' });
  }
  const networks = settings['COORDINATOR_NETWORKS'];
  return {
    host: match[1]!.replace(/^\[|\]$/g, ''), port,
    isAllowed: addressesIn('COORDINATOR_NETWORKS', Array.isArray(networks) ? networks.map(String) : ['127.0.0.0/8', '::1']),
  };
}
