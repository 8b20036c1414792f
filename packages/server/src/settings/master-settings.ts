import { join, resolve } from 'node:path';
import { ConfigurationError, daemonLogFormat, lavaPaths, parseDaemonLevel, type DaemonLevel, type DaemonLogFormat, type LavaPaths } from '@lava/base';
import { optionValue, readSettingsFile, type ServerEndpointOptions } from '@lava/link';
import { readRole, type Role } from './roles.ts';

/** Options of `lava-server run` and `lava-master` as commander gives them. */
export interface MasterOptions {
  readonly root?: string;
  readonly masterSocket?: string;
  readonly logSocket?: string;
  /** Undefined: not said; false: `--no-encrypt`. */
  readonly encrypt?: boolean;
  readonly allowPlainNetwork?: boolean;
  readonly masterCert?: string;
  readonly slavesCerts?: string;
  readonly ipv6?: boolean;
  readonly http?: string;
  readonly webRoot?: string;
  readonly role?: string;
  readonly advertise?: string;
  readonly level?: string;
  readonly logFile?: string;
  readonly logFormat?: string;
}

export interface MasterSettings {
  readonly paths: LavaPaths;
  readonly sockets: Pick<ServerEndpointOptions, 'control' | 'log' | 'ipv6' | 'encryption'>;
  readonly http: { readonly host: string; readonly port: number; readonly webRoot?: string } | undefined;
  readonly role: Role;
  /** Where the other servers reach this one's HTTP; undefined: not told. */
  readonly advertise: string | undefined;
  readonly level: DaemonLevel;
  /** A path, or `-` for standard output. */
  readonly logFile: string;
  readonly logFormat: DaemonLogFormat;
  readonly lease: number;
}

/**
 * Settings of the server, from (later ones win) defaults, /etc/lava-server/lava-master, `LAVA_…` variables, options.
 * Throws ConfigurationError that names what is wrong.
 */
export async function readMasterSettings(options: MasterOptions, env: NodeJS.ProcessEnv, defaultLog: 'file' | 'stdout'): Promise<MasterSettings> {
  const paths = lavaPaths(resolve(options.root ?? (env['LAVA_ROOT'] || '/')));
  const file = await readSettingsFile(join(paths.serverConfig, 'lava-master'));
  /** A setting by its name in the file; it may be written with its option before it. */
  const setting = (name: string, option: string) => optionValue(env[`LAVA_${name}`], option) ?? optionValue(file[name], option);
  const encrypt = options.encrypt ?? encryptSetting(env['LAVA_ENCRYPT'] ?? file['ENCRYPT']);
  const anyHost = encrypt || options.allowPlainNetwork ? '*' : '127.0.0.1';
  const levelName = options.level ?? setting('LOGLEVEL', '--level') ?? 'INFO';
  const level = parseDaemonLevel(levelName);
  if (!level) throw new ConfigurationError(`there is no log level "${levelName}"`, { code: 'setting-level', hint: 'Use DEBUG, INFO, WARN or ERROR.' });
  return {
    paths, level,
    sockets: {
      control: tcpAddress(options.masterSocket ?? setting('MASTER_SOCKET', '--master-socket') ?? `tcp://${anyHost}:5556`),
      log: tcpAddress(options.logSocket ?? setting('LOG_SOCKET', '--log-socket') ?? setting('LOGGER_SOCKET', '--log-socket') ?? `tcp://${anyHost}:5555`),
      ipv6: options.ipv6 ?? setting('IPV6', '--none') !== undefined,
      encryption: encrypt ? {
        certificate: secretHalf(options.masterCert ?? setting('MASTER_CERT', '--master-cert') ?? join(paths.certificates, 'master.key_secret')),
        directory: options.slavesCerts ?? setting('SLAVES_CERTS', '--slaves-certs') ?? paths.certificates,
      } : { plain: options.allowPlainNetwork ? 'anywhere' : 'loopback' },
    },
    http: httpAddress(options.http ?? setting('HTTP', '--http') ?? '127.0.0.1:8000', options.webRoot),
    role: readRole(options.role ?? setting('ROLE', '--role')),
    advertise: webAddress(options.advertise ?? setting('ADVERTISE', '--advertise')),
    logFile: options.logFile ?? setting('LOG_FILE', '--log-file') ?? (defaultLog === 'file' ? join(paths.serverLogs, 'lava-master.log') : '-'),
    logFormat: daemonLogFormat(options.logFormat ?? setting('LOG_FORMAT', '--log-format')),
    lease: leaseSeconds(setting('LEASE_SECONDS', '--lease')),
  };
}

function encryptSetting(value = ''): boolean {
  const text = value.trim();
  if (['', '--encrypt', 'yes', '1', 'true'].includes(text)) return true;
  if (['--no-encrypt', 'no', '0', 'false'].includes(text)) return false;
  throw new ConfigurationError(`ENCRYPT is "${text}"`, { code: 'setting-encrypt', hint: 'Write ENCRYPT="--encrypt" or ENCRYPT="--no-encrypt".' });
}

function tcpAddress(text: string): string {
  if (/^tcp:\/\/(\*|\[[^\]]+\]|[^:/\s]+):(\d{1,5}|\*)$/.test(text)) return text;
  throw new ConfigurationError(`"${text}" is no address for the sockets of workers`, { code: 'setting-socket', hint: 'Write tcp://*:PORT, or tcp://ADDRESS:PORT with an address of this machine.' });
}

/** Old configurations name either half of the server's certificate; the server needs the secret one. */
const secretHalf = (path: string) => path.replace(/\.key$/, '.key_secret');

function httpAddress(text: string, webRoot: string | undefined): MasterSettings['http'] {
  if (text === 'none') return undefined;
  const match = /^(?:http:\/\/)?(\[[0-9a-fA-F:]+\]|[^:[\]]+)?:?(\d{1,5})\/?$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new ConfigurationError(`"${text}" is no address for --http`, { code: 'setting-http', hint: 'Write HOST:PORT, for example 127.0.0.1:8000, or none.' });
  }
  return { host: match[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port, webRoot };
}

function webAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new ConfigurationError(`"${text}" is no address for --advertise`, { code: 'setting-advertise', hint: 'Write http://HOST:PORT as the other servers reach this one.' });
}

function leaseSeconds(text = '90'): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 4 && seconds <= 86_400) return seconds;
  throw new ConfigurationError(`LAVA_LEASE_SECONDS is "${text}"`, { code: 'setting-lease', hint: 'Give a number of seconds from 4 to 86400; 90 is usual.' });
}
