/** Levels of the daemons' own logs, as `LOGLEVEL` and `--level` name them. */
export const daemonLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type DaemonLevel = (typeof daemonLevels)[number];

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
export function daemonLog(level: DaemonLevel, write: (line: string) => void): DaemonLog {
  const at = (l: DaemonLevel) => (text: string) => {
    if (daemonLevels.indexOf(l) < daemonLevels.indexOf(level)) return;
    const stamp = new Date().toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
    write(`${stamp} ${l.padStart(7)} ${text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}\n`);
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

/** Reads a level name in any case; `WARNING` is `WARN`. Undefined if it is none. */
export function parseDaemonLevel(name: string): DaemonLevel | undefined {
  const upper = name.toUpperCase() === 'WARNING' ? 'WARN' : name.toUpperCase();
  return daemonLevels.find((l) => l === upper);
}
