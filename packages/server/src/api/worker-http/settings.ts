import { addressesIn } from '../../settings/networks.ts';

/** Which workers of LAVA's HTTP protocol are let in, by LAVA's settings. */
export interface WorkerHttpSettings {
  /** ALLOW_VERSION_MISMATCH: workers of any version get jobs; otherwise only those of this very version. */
  readonly anyVersion: boolean;
  /** WORKER_AUTO_REGISTER: an unknown worker may make itself known, without a user's password. */
  readonly autoRegister: boolean;
  /** WORKER_AUTO_REGISTER_NETMASK: from these networks. */
  readonly mayRegister: (address: string) => boolean;
}

/**
 * From the settings of an installation under LAVA's names.
 * @throws ConfigurationError when a network cannot be understood
 */
export function workerHttpSettings(settings: Readonly<Record<string, unknown>>): WorkerHttpSettings {
  const given = settings['WORKER_AUTO_REGISTER_NETMASK'];
  return {
    // LAVA's own default is false. The protocol has not changed since 2020, and equal versions are impossible here.
    anyVersion: settings['ALLOW_VERSION_MISMATCH'] !== false,
    autoRegister: settings['WORKER_AUTO_REGISTER'] === true,
    mayRegister: addressesIn('WORKER_AUTO_REGISTER_NETMASK', Array.isArray(given) ? given.map(String) : ['127.0.0.0/8', '::1']),
  };
}
