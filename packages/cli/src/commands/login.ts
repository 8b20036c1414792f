import { createInterface } from 'node:readline/promises';
import { CliError, exitStatus } from '../exit.ts';
import { loadSettings, saveSettings } from '../settings.ts';
import { Client } from '../client.ts';
import type { GlobalOptions } from './context.ts';

/** `lava login`: stores the server's address and a token; asks for the token (made on the server or its pages) if not given. */
export async function login(options: GlobalOptions): Promise<number> {
  const settings = await loadSettings(options);
  const token = options.token ?? (await ask(`Token for ${settings.url}: `));
  if (!token) throw new CliError('no token given', exitStatus.usage, "An admin makes one with 'lava-server manage tokens add --user NAME'.");
  const me = await new Client({ url: settings.url, token }).get<{ username: string | null }>('/me');
  if (!me.username) throw new CliError(`${settings.url} does not know this token`, exitStatus.server);
  const file = await saveSettings({ url: settings.url, token });
  process.stdout.write(`Signed in to ${settings.url} as ${me.username}; stored in ${file}\n`);
  return exitStatus.ok;
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
