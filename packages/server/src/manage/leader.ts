import { sql } from 'kysely';
import type { Command } from 'commander';
import { readLeader } from '../leader/office.ts';
import { visit } from './visit.ts';

/** `leader`: which of several servers leads (docs/scaling.md). */
export function leader(manage: Command): void {
  manage.command('leader').description('say which server leads, or led last').option('--forget-certificate', 'let servers lead that have another master certificate than the last leader; all workers need its public half')
    .action((options: { forgetCertificate?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      if (options.forgetCertificate) {
        await sql`update leadership set master_key = null`.execute(db);
        print('The next server that leads sets the certificate');
        return;
      }
      const { epoch, leader: name, url, since } = await readLeader(db);
      print(name === null ? 'No server has led yet' : `${name}${url === null ? '' : ` at ${url}`}, epoch ${epoch}, since ${since?.toISOString() ?? 'an unknown time'}`);
    }));
}
