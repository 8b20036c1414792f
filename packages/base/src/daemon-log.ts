import { ConfigurationError } from './errors.ts';

/** Levels of the daemons' own logs, as `LOGLEVEL` and `--level` name them. */
export const daemonLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type DaemonLevel = (typeof daemonLevels)[number];

/** How a daemon writes its log: for people, or one JSON object a line. */
export type DaemonLogFormat = 'text' | 'json';

/** The log of a daemon (not of a job): `2026-11-22 10:08:56,303    INFO [INIT] LAVA worker has started.`, UTC. */
export interface DaemonLog {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/**
 * A daemon log that hands finished lines (with line feed) to `write`.
 * Line feeds inside a text are escaped: one entry is one line, whatever a peer sent.
 */
export function daemonLog(level: DaemonLevel, write: (line: string) => void, format: DaemonLogFormat = 'text'): DaemonLog {
  const line = format === 'json' ? jsonLine : textLine;
  const at = (l: DaemonLevel) => (text: string) => {
    if (daemonLevels.indexOf(l) >= daemonLevels.indexOf(level)) write(`${line(l, text)}\n`);
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

function textLine(level: DaemonLevel, text: string): string {
  const stamp = new Date().toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
  return `${stamp} ${level.padStart(7)} ${text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}`;
}

/** What stands in brackets before an entry is a field of its own: the number of a job, or a part of the program. */
function jsonLine(level: DaemonLevel, text: string): string {
  const [, bracket, rest] = /^\[(\d+|[A-Z][A-Z-]*)\] (.*)$/s.exec(text) ?? [];
  const about = bracket === undefined ? {} : /^\d/.test(bracket) ? { job: Number(bracket) } : { part: bracket };
  return JSON.stringify({ time: new Date().toISOString(), level: level.toLowerCase(), ...about, message: rest ?? text });
}

/** Reads a level name in any case; `WARNING` is `WARN`. Undefined if it is none. */
export function parseDaemonLevel(name: string): DaemonLevel | undefined {
  const upper = name.toUpperCase() === 'WARNING' ? 'WARN' : name.toUpperCase();
  return daemonLevels.find((l) => l === upper);
}

/** Reads the setting LOG_FORMAT; text if it is not set. @throws ConfigurationError for another word */
export function daemonLogFormat(name = 'text'): DaemonLogFormat {
  if (name === 'text' || name === 'json') return name;
  throw new ConfigurationError(`there is no log format "${name}"`, { code: 'setting-log-format', hint: 'Use text or json.' });
}
