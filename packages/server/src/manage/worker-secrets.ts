import { rm } from 'node:fs/promises';
import { hostname as serverName } from 'node:os';
import { basename, join } from 'node:path';
import { sql } from 'kysely';
import type { Command } from 'commander';
import type { LavaPaths } from '@lava/base';
import { issueCode, revokeSecrets } from '../enrol/codes.ts';
import { revokeKey } from '../enrol/shared-certificates.ts';
import { readMasterSettings } from '../settings/master-settings.ts';
import { newWorkerToken } from '../workers/worker-token.ts';
import { CommandError, visit } from './visit.ts';
import { addNamedWorker, checkName, mustExist } from './worker-fields.ts';

/** `workers token|enroll|revoke`: what a worker proves itself with (docs/workers.md). */
export function workerSecrets(group: Command): void {
  group.command('token <hostname>').description('make a new token for the HTTP protocol; the one before is refused from now on')
    .action((hostname: string, _: unknown, command: Command) => visit(command, async ({ change, print }) => {
      const token = await change(async (c) => {
        await mustExist(c, hostname);
        return newWorkerToken(c, hostname);
      });
      print(`Token: ${token}`);
    }));

  group.command('enroll <hostname>').description('print the command that makes a machine this worker, with a certificate that is made there; also to replace its certificate')
    .option('--url <url>', "address of this server's web, as the worker reaches it; http://NAME-OF-THIS-MACHINE:8000 if left out").option('--minutes <number>', 'how long the code is good', '60')
    .action((hostname: string, options: { url?: string; minutes: string }, command: Command) => visit(command, async ({ change, paths, print }) => {
      checkName(hostname);
      const { encryption } = await linkSockets(paths);
      if (!('directory' in encryption)) throw new CommandError('The connections for workers are not encrypted here: there are no certificates');
      if (hostname === certificateName(encryption.certificate)) throw new CommandError(`'${hostname}' is the name of this server's own certificate: call the worker otherwise`);
      const minutes = Number(options.minutes);
      if (!Number.isInteger(minutes) || minutes < 1 || minutes > 10_080) throw new CommandError(`'${options.minutes}' is no number of minutes from 1 to 10080`);
      const url = options.url ?? `http://${serverName()}:8000`;
      if (!/^https?:\/\/[^\s'"]+$/.test(url) || !URL.canParse(url)) throw new CommandError(`'${url}' is no address: give --url http://HOST:PORT`);
      const code = await change(async (c) => {
        const known = await c.trx.selectFrom('workers').select('hostname').where('hostname', '=', hostname).executeTakeFirst();
        if (!known) await addNamedWorker(c, hostname, {}, `Worker already exists with hostname ${hostname}`);
        return issueCode(c, hostname, minutes);
      });
      print(`lava-worker enroll --url ${url} --hostname ${hostname} --code ${code}`);
    }));

  group.command('revoke <hostname>').description('lock a worker out: its certificate, its token and its code are no good any more')
    .action((hostname: string, _: unknown, command: Command) => visit(command, async ({ change, paths, print }) => {
      const { encryption } = await linkSockets(paths);
      const name = await change(async (c) => {
        await mustExist(c, hostname);
        const { rows: [row] } = await sql<{ certificate: string; shared: string[] }>`
          select coalesce(w.certificate, w.hostname) as certificate, array(select o.hostname from workers o where o.hostname <> w.hostname and coalesce(o.certificate, o.hostname) = coalesce(w.certificate, w.hostname)) as shared
          from workers w where w.hostname = ${hostname}`.execute(c.trx);
        if (row!.shared.length > 0) throw new CommandError(`The certificate ${row!.certificate} is also that of ${row!.shared.join(', ')}: enrol ${hostname} anew first, with a certificate of its own`);
        await revokeSecrets(c, hostname);
        await revokeKey(c, row!.certificate);
        return row!.certificate;
      });
      if ('directory' in encryption && name !== certificateName(encryption.certificate)) await rm(join(encryption.directory, `${name}.key`), { force: true });
      print(`Worker ${hostname} is locked out`);
    }));
}

/** Where the server's sockets for workers are and how they are encrypted, as it would read it now. */
async function linkSockets({ root }: LavaPaths) {
  return (await readMasterSettings({ root }, process.env, 'stdout')).sockets;
}

const certificateName = (secretFile: string) => basename(secretFile, '.key_secret');
