import { resolve } from 'node:path';
import type { Command } from 'commander';
import { backup } from '../backup/backup.ts';
import { restore } from '../backup/restore.ts';
import { whileNobodyLeads } from '../leader/lock.ts';
import { visit } from './visit.ts';

/** `backup` and `restore`: all that a server keeps, in a folder. */
export function backups(manage: Command): void {
  manage.command('backup <folder>').description('write tables, logs, configuration and certificates to a folder; again into the same folder copies only what changed')
    .action((folder: string, _: unknown, command: Command) => visit(command, async ({ db, paths, shared, print }) => {
      await backup({ db, paths, shared, progress: print }, resolve(folder));
      print(`The backup in ${resolve(folder)} is complete`);
    }));

  manage.command('restore <folder>').description('fill an empty server, which must not run, with a backup')
    .action((folder: string, _: unknown, command: Command) => visit(command, async ({ db, paths, shared, print, connection }) => {
      await whileNobodyLeads(connection, () => restore({ db, paths, shared, progress: print }, resolve(folder)));
      print('Restored: start the server');
    }));
}
