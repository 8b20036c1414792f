import type { Command } from 'commander';
import { daemonLog, LavaError, messageOf } from '@lava/base';
import { openLogFile } from './log-file.ts';
import { readMasterSettings, type MasterOptions } from './settings/master-settings.ts';
import { startServer } from './server.ts';

/** Adds the options of the server, which are those of LAVA's classic lava-master and a few more. */
export function serverOptions(command: Command): Command {
  return command
    .option('--master-socket <url>', 'control socket for workers (MASTER_SOCKET; tcp://*:5556)')
    .option('--log-socket <url>', 'log socket for workers (LOG_SOCKET; tcp://*:5555)')
    .option('--encrypt', 'encrypt and authenticate: the default (ENCRYPT="--encrypt")')
    .option('--no-encrypt', 'plain connections, from this machine only (ENCRYPT="--no-encrypt")')
    .option('--allow-plain-network', 'with --no-encrypt: also from other machines, which anybody on the way can read and take over')
    .option('--master-cert <file>', 'secret certificate of this server, made if missing (MASTER_CERT; certificates.d/master.key_secret)')
    .option('--slaves-certs <folder>', 'certificates of admitted workers (SLAVES_CERTS; certificates.d)')
    .option('--ipv6', 'use IPv6 (IPV6="--ipv6")')
    .option('--http <host:port>', 'address of web and API, or none (HTTP; 127.0.0.1:8000)')
    .option('--web-root <folder>', 'built web application, if not the own one')
    .option('--role <role>', 'all, web or leader, where there are several servers (ROLE; all)')
    .option('--advertise <url>', 'where the other servers reach the HTTP of this one (ADVERTISE; http://NAME-OF-THIS-MACHINE:PORT)')
    .option('-l, --level <level>', 'DEBUG, INFO, WARN or ERROR (LOGLEVEL; INFO)')
    .option('-o, --log-file <file>', '- is standard output (LOG_FILE)')
    .option('--log-format <format>', 'text, or json for one object a line (LOG_FORMAT; text)')
    .addHelpText('after', '\nThe names in parentheses are settings in /etc/lava-server/lava-master and, with LAVA_ before them, environment variables.');
}

export const rootOption = ['--root <folder>', 'folder that stands for / in all paths (LAVA_ROOT)'] as const;

/** Runs the server until a signal. Resolves with the exit status. */
export async function runServer(options: MasterOptions, defaultLog: 'file' | 'stdout'): Promise<number> {
  const settings = await readMasterSettings(options, process.env, defaultLog);
  const file = openLogFile(settings.logFile);
  const log = daemonLog(settings.level, (line) => file.write(line), settings.logFormat);
  let leave = () => {};
  const signal = new Promise<void>((resolve) => { leave = resolve; });
  let signals = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // A second Ctrl-C does not wait for anything.
      if (++signals > 1) process.exit(1);
      log.info('[POLL] Received a signal, leaving');
      leave();
    });
  }
  // With a log file a hang-up means that it was rotated; in a terminal, that the terminal is gone.
  process.on('SIGHUP', () => { if (settings.logFile === '-') leave(); else file.reopen(); });
  process.on('unhandledRejection', (reason) => log.error(`Not handled: ${reason instanceof Error ? reason.stack : messageOf(reason)}`));
  try {
    log.info('[INIT] Starting lava-master');
    const server = await startServer({ ...settings, log });
    log.info('[INIT] LAVA dispatcher-master has started.');
    await signal;
    await server.close();
    log.info('[CLOSE] The server has ended');
    return 0;
  } catch (error) {
    log.error(explain(error));
    if (settings.logFile !== '-') process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
}

/** Text of an error for the person who started the program. */
export function explain(error: unknown): string {
  if (error instanceof LavaError) return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  const { code, address } = error as { code?: unknown; address?: unknown };
  // The system's own words are enough; where they come from in the program helps nobody.
  if (error instanceof Error && typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return `${error.message}${typeof address === 'string' && !error.message.includes(address) ? ` (${address})` : ''}${code === 'EADDRINUSE' ? '. Another program uses this address: end it, or choose another.' : ''}`;
  }
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
}
