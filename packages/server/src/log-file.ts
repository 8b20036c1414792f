import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError, messageOf } from '@lava/base';

/** Where the daemon's log goes: a file that is opened anew on demand (log rotation), or standard output for `-`. */
export function openLogFile(path: string): { write(line: string): void; reopen(): void } {
  if (path === '-') {
    // Whoever read our output may be gone; that is no reason to end.
    process.stdout.on('error', () => {});
    return { write: (line) => { process.stdout.write(line); }, reopen: () => {} };
  }
  const open = () => {
    try {
      mkdirSync(dirname(path), { recursive: true });
      return openSync(path, 'a', 0o640);
    } catch (error) {
      throw new ConfigurationError(`cannot write the log ${path}: ${messageOf(error)}`, {
        code: 'log-file', hint: 'Give another --log-file (- for standard output), or --root to move all paths.',
      });
    }
  };
  let file = open();
  return {
    // A full disk must not end the server: the line is lost.
    write: (line) => { try { writeSync(file, line); } catch { /* no room */ } },
    reopen: () => { const old = file; file = open(); closeSync(old); },
  };
}
