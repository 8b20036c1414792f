import { join } from 'node:path';
import { version, type DaemonLog } from '@lava/base';
import { cacheFolder } from '@lava/dispatcher/cache';
import { protocolVersion, WorkerEndpoint } from '@lava/link';
import type { FinishDeadRun } from './attempt.ts';
import { probeCapabilities } from './capabilities.ts';
import { workerEncryption } from './encryption.ts';
import { ServersFile } from './servers-file.ts';
import type { WorkerSettings } from './settings.ts';
import { lockState } from './state-lock.ts';
import { StatusWatch } from './status-watch.ts';
import { Supervisor } from './supervisor.ts';

export interface DaemonOptions {
  readonly settings: WorkerSettings;
  /** Path of the program `lava-run`. */
  readonly lavaRun: string;
  readonly finishDeadRun: FinishDeadRun;
  readonly log: DaemonLog;
  /** `worker` or `slave`: how the daemon calls itself. */
  readonly name: string;
}

/**
 * Runs the worker until `stop` fires; runs of jobs go on after that. Resolves with the exit status: 1 when the server
 * told it to give up. Throws ConfigurationError when it cannot start.
 */
export async function runWorker(options: DaemonOptions, stop: AbortSignal): Promise<number> {
  const { settings, log } = options;
  log.info(`[INIT] LAVA ${options.name} has started.`);
  log.info(`[INIT] Name   : '${settings.hostname}'`);
  log.info(`[INIT] Version: '${version}'`);
  log.info(`[INIT] Using protocol version ${protocolVersion}`);
  const encryption = await workerEncryption(settings);
  const unlock = await lockState(settings.workerDir);
  let giveUp = () => {};
  const given = new Promise<number>((resolve) => { giveUp = () => resolve(1); });
  const servers = new ServersFile(settings.workerDir, 'plain' in encryption ? '' : encryption.master.publicKey, log);
  const status = new StatusWatch({ state: settings.workerDir, cache: cacheFolder(settings.paths), running: () => supervisor.running });
  const link: WorkerEndpoint = new WorkerEndpoint({
    master: settings.master, logger: settings.logger, learned: await servers.read(), hostname: settings.hostname, ipv6: settings.ipv6, encryption,
    version, capabilities: probeCapabilities(), daemonLog: log,
    handlers: {
      attempts: () => supervisor.held(),
      onSession: () => supervisor.onSession(),
      onOrder: (order) => supervisor.onOrder(order),
      onLogReply: (reply) => supervisor.onLogReply(reply),
      status: (clockAhead) => status.due(clockAhead),
      onServers: (all) => servers.keep(all),
      onRefused: (_, retry) => { if (!retry) giveUp(); },
    },
  });
  const supervisor = new Supervisor({
    attempts: join(settings.workerDir, 'attempts'), link, log,
    program: options.lavaRun, root: settings.paths.root, cacheSize: settings.cacheSize, finishDeadRun: options.finishDeadRun, patience: { second: 60, kill: 120 },
  });
  try {
    await supervisor.open();
    await status.open();
    link.open();
    return await Promise.race([given, stopped(stop)]);
  } finally {
    log.info('[CLOSE] Leaving; running jobs go on');
    await link.close();
    status.close();
    await supervisor.close();
    await servers.close();
    await unlock();
  }
}

function stopped(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(0);
    signal.addEventListener('abort', () => resolve(0), { once: true });
  });
}
