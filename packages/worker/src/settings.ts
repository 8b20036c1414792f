import { execFile } from 'node:child_process';
import { hostname as shortName } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ConfigurationError, daemonLogFormat, lavaPaths, messageOf, parseDaemonLevel, type DaemonLevel, type DaemonLogFormat, type LavaPaths } from '@lava/base';
import { parseCacheSize } from '@lava/dispatcher/cache';
import { optionValue, readSettingsFile } from '@lava/link';

/** Settings of a worker, from (later ones win) defaults, /etc/lava-dispatcher/lava-slave, `LAVA_…` variables, options. */
export interface WorkerSettings {
  readonly master: string;
  readonly logger: string;
  readonly hostname: string;
  readonly encrypt: boolean;
  readonly allowPlainNetwork: boolean;
  /** Undefined: look in certificates.d. */
  readonly masterCert: string | undefined;
  readonly slaveCert: string | undefined;
  readonly ipv6: boolean;
  readonly level: DaemonLevel;
  /** A path, or `-` for standard output. */
  readonly logFile: string;
  readonly logFormat: DaemonLogFormat;
  readonly workerDir: string;
  /** As it was written; undefined: the default of the cache. */
  readonly cacheSize: string | undefined;
  readonly paths: LavaPaths;
  readonly lavaRun: string | undefined;
}

export const usage = (program: string) => `usage: ${program} [options]
       ${program} enroll --url URL --hostname NAME --code CODE   joins a server: see ${program} enroll --help
       ${program} cache [--clear]   what is kept of downloads: see ${program} cache --help

Connects to a LAVA server, runs its jobs on the devices beside this machine and reports.

  --master URL           control socket of the server, or of several with commas between (MASTER_URL; tcp://localhost:5556)
  --socket-addr URL      log socket of the server, likewise in the same order (LOGGER_URL; tcp://localhost:5555)
  --hostname NAME        name of this worker on the server (HOSTNAME; the full name of this machine)
  --encrypt              encrypt and authenticate: the default (ENCRYPT="--encrypt")
  --no-encrypt           plain connection, to this machine only (ENCRYPT="--no-encrypt")
  --allow-plain-network  with --no-encrypt: to other machines too, which anybody on the way can read and take over
  --master-cert FILE     public certificate of the server (MASTER_CERT; certificates.d/master.key)
  --slave-cert FILE      secret certificate of this worker (SLAVE_CERT; certificates.d/NAME.key_secret, then slave.key_secret)
  --ipv6                 use IPv6 (IPV6="--ipv6")
  --level LEVEL, -l      DEBUG, INFO, WARN or ERROR (LOGLEVEL; INFO)
  --log-file FILE        - is standard output (LOG_FILE; /var/log/lava-dispatcher/${program}.log)
  --log-format FORMAT    text, or json for one object a line (LOG_FORMAT; text)
  --worker-dir DIR       state of the jobs; also --slave-dir (WORKER_DIR; /var/lib/lava/dispatcher/worker)
  --cache-size SIZE      most that downloads kept for later jobs may take, as 20G or 500M; 0 keeps none (CACHE_SIZE; 50G, but at
                         most a fifth of the disk)
  --root DIR             folder that stands for / in all the paths above (LAVA_ROOT)
  --version, --help, -h

The names in parentheses are settings in /etc/lava-dispatcher/lava-slave and, with LAVA_ before them, environment variables.
`;

const options = {
  master: { type: 'string' }, 'socket-addr': { type: 'string' }, hostname: { type: 'string' },
  encrypt: { type: 'boolean' }, 'no-encrypt': { type: 'boolean' }, 'allow-plain-network': { type: 'boolean' },
  'master-cert': { type: 'string' }, 'slave-cert': { type: 'string' }, ipv6: { type: 'boolean' }, level: { type: 'string', short: 'l' },
  'log-file': { type: 'string' }, 'log-format': { type: 'string' }, 'worker-dir': { type: 'string' }, 'slave-dir': { type: 'string' }, 'cache-size': { type: 'string' }, root: { type: 'string' },
  'lava-run': { type: 'string' }, debug: { type: 'boolean' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Reads the settings. `ask` is set when only `--help` or `--version` was wanted.
 * Throws ConfigurationError naming the option, variable or line of the file that is wrong.
 */
export async function readSettings(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<WorkerSettings | { readonly ask: 'help' | 'version' }> {
  let given;
  try {
    given = parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { code: 'option', hint: `See ${program} --help.` });
  }
  if (given.help) return { ask: 'help' };
  if (given.version) return { ask: 'version' };
  const paths = lavaPaths(resolve(given.root ?? (env['LAVA_ROOT'] || '/')));
  const file = await readSettingsFile(join(paths.workerConfig, 'lava-slave'));
  /** A setting by its name in the file; it may be written with its option before it. */
  const setting = (name: string, option: string) => optionValue(env[`LAVA_${name}`], option) ?? optionValue(file[name], option);
  const encryptSetting = (env['LAVA_ENCRYPT'] ?? file['ENCRYPT'] ?? '').trim();
  if (!['', '--encrypt', '--no-encrypt', 'yes', 'no', '1', '0', 'true', 'false'].includes(encryptSetting)) {
    throw new ConfigurationError(`ENCRYPT is "${encryptSetting}"`, { code: 'setting-encrypt', hint: 'Write ENCRYPT="--encrypt" or ENCRYPT="--no-encrypt".' });
  }
  const level = given.debug ? 'DEBUG' : given.level ?? setting('LOGLEVEL', '--level') ?? 'INFO';
  const known = parseDaemonLevel(level);
  if (!known) throw new ConfigurationError(`there is no log level "${level}"`, { code: 'setting-level', hint: 'Use DEBUG, INFO, WARN or ERROR.' });
  const hostname = given.hostname ?? setting('HOSTNAME', '--hostname') ?? await fullName();
  if (!/^[-_a-zA-Z0-9.]{1,255}$/.test(hostname)) {
    throw new ConfigurationError(`"${hostname}" cannot name a worker`, { code: 'setting-hostname', hint: 'Use letters, digits, dots, dashes and underscores with --hostname.' });
  }
  const cacheSize = given['cache-size'] ?? setting('CACHE_SIZE', '--cache-size');
  parseCacheSize(cacheSize);
  return {
    master: given.master ?? setting('MASTER_URL', '--master') ?? 'tcp://localhost:5556',
    logger: given['socket-addr'] ?? setting('LOGGER_URL', '--socket-addr') ?? 'tcp://localhost:5555',
    hostname,
    encrypt: given['no-encrypt'] ? false : given.encrypt ? true : !['--no-encrypt', 'no', '0', 'false'].includes(encryptSetting),
    allowPlainNetwork: given['allow-plain-network'] ?? false,
    masterCert: given['master-cert'] ?? setting('MASTER_CERT', '--master-cert'),
    slaveCert: given['slave-cert'] ?? setting('SLAVE_CERT', '--slave-cert'),
    ipv6: given.ipv6 ?? setting('IPV6', '--none') !== undefined,
    level: known,
    logFile: given['log-file'] ?? setting('LOG_FILE', '--log-file') ?? join(paths.workerLogs, `${program}.log`),
    logFormat: daemonLogFormat(given['log-format'] ?? setting('LOG_FORMAT', '--log-format')),
    workerDir: resolve(given['worker-dir'] ?? given['slave-dir'] ?? setting('WORKER_DIR', '--worker-dir') ?? join(paths.workerState, 'worker')),
    cacheSize,
    paths,
    lavaRun: given['lava-run'],
  };
}

/** Fully qualified name of this machine, as `hostname -f` knows it. */
async function fullName(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('hostname', ['-f'], { timeout: 2000 });
    return stdout.trim() || shortName();
  } catch {
    return shortName();
  }
}
