import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Which server to talk to, and as whom. */
export interface Settings {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly token: string | undefined;
}

const file = () => join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'lava', 'cli.json');

/** Options beat `LAVA_URL` and `LAVA_TOKEN`, which beat what `lava login` stored. */
export async function loadSettings(options: { url?: string; token?: string }): Promise<Settings> {
  const stored = await readFile(file(), 'utf8').then((t) => JSON.parse(t) as Partial<Settings>).catch(() => ({}) as Partial<Settings>);
  const url = options.url ?? process.env['LAVA_URL'] ?? stored.url ?? 'http://127.0.0.1:8000';
  // A stored token belongs to the stored server only.
  const token = options.token ?? process.env['LAVA_TOKEN'] ?? (stored.url === url ? stored.token : undefined);
  return { url: url.replace(/\/+$/, ''), token };
}

/** Stores them for this user only; returns the file's path. */
export async function saveSettings(settings: Settings): Promise<string> {
  await mkdir(dirname(file()), { recursive: true, mode: 0o700 });
  await writeFile(file(), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  await chmod(file(), 0o600);
  return file();
}
