import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigurationError, daemonLog, lavaPaths, type LavaPaths } from '@lava/base';
import { renderFrom } from '../devices/renderer.ts';
import { readInstanceSettings } from '../core/instance-settings.ts';
import { sharedStorage } from '../files/storage-settings.ts';
import { SharedFiles } from '../logs/shared-files.ts';
import { openServices } from '../core/open-services.ts';
import type { Services } from '../services.ts';
import { readSettingsFiles } from '../settings/settings-files.ts';
import { change, type Change } from '../store/change.ts';
import type { Connection } from '../store/connection.ts';
import { noticeBus } from '../store/notices.ts';
import { openStore } from '../store/open-store.ts';

/** What a management command works with. */
export interface Visit extends Services {
  readonly connection: Connection;
  /** What several servers share; undefined where there is one, whose folders these are. */
  readonly shared: SharedFiles | undefined;
  /** Changes that a running server hears of at once. */
  change<T>(work: (change: Change) => Promise<T>, reason?: string): Promise<T>;
  print(line: string): void;
}

/** Author of what is done on the command line, with who did it as far as this machine knows. */
export const commandLine = `lava-server manage (${accountName()})`;

function accountName(): string {
  const uid = process.geteuid?.();
  // An account may have a number only.
  const name = attempt(() => userInfo().username) ?? `user ${uid}`;
  const behind = process.env['SUDO_USER'];
  return behind && behind !== name ? `${behind} as ${name}` : name;
}

function attempt<T>(read: () => T): T | undefined {
  try { return read(); } catch { return undefined; }
}

/** Where everything is for a command: `--root`, `LAVA_ROOT` or /. */
export function pathsOf(command: Command): LavaPaths {
  const { root } = command.optsWithGlobals<{ root?: string }>();
  return lavaPaths(resolve(root ?? (process.env['LAVA_ROOT'] || '/')));
}

/** Opens the database, which a running server may use at the same time, does the work and leaves. */
export async function visit(command: Command, work: (visit: Visit) => Promise<void>): Promise<void> {
  const paths = pathsOf(command);
  const log = daemonLog('WARN', (line) => { process.stderr.write(line); });
  const settings = await readInstanceSettings(paths);
  const store = await openStore({ paths, log, visit: true });
  let shared: SharedFiles | undefined;
  try {
    const events = noticeBus(store.db);
    const storage = await sharedStorage(await readSettingsFiles(paths));
    shared = storage && await SharedFiles.open({ storage, db: store.db, paths, log }, `live-logs-${process.pid}`);
    const services = openServices({ connection: store, events, log, paths, settings, shared, render: renderFrom({ db: store.db, paths }) });
    await work({
      ...services, connection: store, shared,
      change: (inside, reason) => change({ db: store.db, events }, commandLine, inside, reason),
      print: (line) => { process.stdout.write(`${line}\n`); },
    });
    await events.sent();
  } finally {
    await shared?.close();
    await store.close();
  }
}

/** Something the admin asked for that cannot be done; printed as `CommandError: …`. */
export class CommandError extends ConfigurationError {
  readonly status: number;

  constructor(message: string, status = 1) {
    super(message, { code: 'command' });
    this.status = status;
  }
}
