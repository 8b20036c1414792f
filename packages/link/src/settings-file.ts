import { readFile } from 'node:fs/promises';
import { ConfigurationError, messageOf } from '@lava/base';

/**
 * Reads a file of shell variables (`NAME="value"`, as /etc/lava-dispatcher/lava-slave) without running a shell:
 * comments, quotes and `export` are understood; `$` is taken as it stands. A missing file is an empty one.
 * Throws ConfigurationError with the line of anything else.
 */
export async function readSettingsFile(path: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationError(`cannot read ${path}: ${messageOf(error)}`, { code: 'settings-unreadable' });
  }
  const settings: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:"([^"]*)"|'([^']*)'|([^\s"'#]*))\s*(?:#.*)?$/.exec(line);
    if (!match?.[1]) {
      throw new ConfigurationError(`${path}, line ${index + 1}: expected NAME="value"`, { code: 'settings-line', at: { file: path, line: index + 1, column: 1 } });
    }
    settings[match[1]] = match[2] ?? match[3] ?? match[4] ?? '';
  }
  return settings;
}

/** Value of a setting that may be written as an option, as in `MASTER_CERT="--master-cert /path"`; undefined when empty. */
export function optionValue(setting: string | undefined, option: string): string | undefined {
  const text = setting?.trim() ?? '';
  const value = text.startsWith(option) ? text.slice(option.length).replace(/^[\s=]+/, '') : text;
  return value === '' ? undefined : value;
}
