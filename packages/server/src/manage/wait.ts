import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { isConnectionLoss } from '../store/connection.ts';
import { visit } from './visit.ts';

/** `wait`: what containers start with. Opening the database also brings its tables up to date. */
export function wait(manage: Command): void {
  const group = manage.command('wait').description('wait for what a server needs: for scripts that start one');
  for (const what of ['database', 'migrations'] as const) {
    group.command(what).description(what === 'database' ? 'until it answers' : 'until it answers and its tables are those of this release').option('--delay <seconds>', 'between two looks', '1').action(async (options: { delay: string }, command: Command) => {
      process.stdout.write(`Waiting for ${what === 'database' ? 'the database' : 'migrations'}:\n`);
      const seconds = Math.min(60, Math.max(0.1, Number(options.delay) || 1));
      while (!await visit(command, async () => {}).then(() => true, notYet)) {
        process.stdout.write('.\n');
        await pause(seconds * 1000);
      }
      process.stdout.write('[done]\n');
    });
  }
}

function notYet(error: unknown): false {
  if (isConnectionLoss(error) || (error as { code?: string }).code === 'database-away') return false;
  throw error;
}
