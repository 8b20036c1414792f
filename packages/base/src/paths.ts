import { join } from 'node:path';

/**
 * Where configuration and state live. The names are LAVA's; `root` moves all of them for people who are not root
 * (`--root DIR` or `LAVA_ROOT`), so that `DIR/etc/lava-server` stands for `/etc/lava-server`.
 */
export interface LavaPaths {
  readonly root: string;
  /** `/etc/lava-server`: settings, env.yaml, dispatcher.d, dispatcher-config. */
  readonly serverConfig: string;
  /** `/etc/lava-server/dispatcher-config`: devices/, device-types/, health-checks/. */
  readonly dispatcherConfig: string;
  /** `/etc/lava-dispatcher`. */
  readonly workerConfig: string;
  /** `/etc/lava-dispatcher/certificates.d`. */
  readonly certificates: string;
  /** `/var/lib/lava-server`: managed database, job output. */
  readonly serverState: string;
  /** `/var/lib/lava/dispatcher`: worker/, tmp/. */
  readonly workerState: string;
  readonly serverLogs: string;
  readonly workerLogs: string;
}

export function lavaPaths(root = process.env['LAVA_ROOT'] || '/'): LavaPaths {
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    root,
    serverConfig: at('etc/lava-server'),
    dispatcherConfig: at('etc/lava-server/dispatcher-config'),
    workerConfig: at('etc/lava-dispatcher'),
    certificates: at('etc/lava-dispatcher/certificates.d'),
    serverState: at('var/lib/lava-server'),
    workerState: at('var/lib/lava/dispatcher'),
    serverLogs: at('var/log/lava-server'),
    workerLogs: at('var/log/lava-dispatcher'),
  };
}
