import { Client } from '../client.ts';
import { loadSettings } from '../settings.ts';

/** Options that every command understands. */
export interface GlobalOptions {
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export async function connect(options: GlobalOptions): Promise<Client> {
  return new Client(await loadSettings(options));
}

/** The answer as JSON with `--json`, else as `text` says it. */
export function print(options: GlobalOptions, value: unknown, text: () => string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value, null, 2)}\n` : text());
}
