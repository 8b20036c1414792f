import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { messageOf } from '@lava/base';
import { listDeliveries, retryDeliveries } from '../notify/deliveries.ts';
import { DeliveryError } from '../notify/failure.ts';
import { call } from '../notify/http-call.ts';
import { sendIrc } from '../notify/irc.ts';
import { isMailAddress, sendMail } from '../notify/mail.ts';
import { networkGuard } from '../notify/network-guard.ts';
import { notifySettings, type NotifySettings } from '../notify/settings.ts';
import { receiverKey, startSignature } from '../notify/signature.ts';
import { withoutSecrets } from '../notify/without-secrets.ts';
import { readSettingsFiles } from '../settings/settings-files.ts';
import { csv } from './table.ts';
import { CommandError, visit, type Visit } from './visit.ts';

/** Seconds for a message of `test`. */
const patience = 30;
const greeting = 'This is a test: LAVA can tell you of jobs.';

interface ListOptions { readonly job?: string; readonly failed?: boolean; readonly waiting?: boolean; readonly limit: string }

/** `lava-server manage notifications …`: who was told of jobs, and whether somebody can be. */
export function notifications(manage: Command): void {
  const group = manage.command('notifications').description('who is told of jobs: e-mail, IRC, callbacks');

  group.command('list').description('messages, newest first (CSV)')
    .option('--job <number>').option('--failed', 'those that were given up').option('--waiting', 'those that are tried again').option('--limit <rows>', 'at most so many', '100')
    .action((options: ListOptions, command: Command) => visit(command, async (v) => {
      const status = options.failed ? 'failed' : options.waiting ? 'waiting' : undefined;
      const rows = await listDeliveries(v.db, { job: options.job === undefined ? undefined : whole(options.job), status, limit: whole(options.limit) });
      v.print(csv(['id', 'job', 'method', 'recipient', 'status', 'tries', 'created', 'next', 'error'], rows.map((d) => [
        d.id, d.job, d.method, d.method === 'callback' ? withoutSecrets(d.recipient) : d.recipient, d.status, d.attempts,
        d.created_at.toISOString(), d.status === 'waiting' ? d.next_at.toISOString() : '', d.error,
      ])));
    }));

  group.command('retry [id]').description('send a message now, whatever became of it; the receiver may get it twice').option('--failed', 'all that were given up')
    .action((id: string | undefined, options: { failed?: boolean }, command: Command) => visit(command, async (v) => {
      if ((id === undefined) === !options.failed) throw new CommandError('Say which: the number of a message, or --failed');
      const count = await retryDeliveries(v.db, id === undefined ? { failed: true } : { id: String(whole(id)) });
      if (count === 0 && id !== undefined) throw new CommandError(`There is no message ${id}, or it is being sent`);
      v.print(`${count} message${count === 1 ? ' is' : 's are'} sent again by the server within half a minute`);
    }));

  const test = group.command('test').description('send a message from here, to see whether the settings are right');
  const tried = (work: (settings: NotifySettings, signal: AbortSignal, v: Visit) => Promise<void>) => (command: Command) => visit(command, async (v) => {
    try {
      await work(notifySettings(await readSettingsFiles(v.paths)), AbortSignal.timeout(patience * 1000), v);
    } catch (error) {
      throw error instanceof DeliveryError ? new CommandError(`It did not arrive: ${messageOf(error)}`) : error;
    }
    v.print('It was taken');
  });
  test.command('email <address>').description('by e-mail').action((to: string, _: unknown, command: Command) => tried(async ({ mail, instance }, signal) => {
    if (!isMailAddress(to)) throw new CommandError(`'${to}' is not a valid email address.`);
    await sendMail(mail, { to, subject: `Test of LAVA instance "${instance}"`, text: `${greeting}\n`, id: `test-${Date.now()}` }, signal);
  })(command));
  test.command('irc <handle> <server>').description('to somebody on IRC').action((nick: string, server: string, _: unknown, command: Command) => tried(
    ({ irc, networks }, signal) => sendIrc(irc, { nick, server, text: greeting }, networkGuard(networks), signal))(command));
  test.command('callback <url>').description('POST a small JSON object').action((url: string, _: unknown, command: Command) => tried(async ({ callback, networks }, signal) => {
    const body = JSON.stringify({ test: greeting });
    const folder = await mkdtemp(join(tmpdir(), 'lava-notify-'));
    try {
      const path = join(folder, 'body');
      await writeFile(path, body);
      await call({ url, method: 'POST', headers: signatureOf(callback.signingKey, url, body), body: { path, size: Buffer.byteLength(body), type: 'application/json' } },
        { guard: networkGuard(networks), hosts: callback.hosts, timeout: callback.timeout, signal });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  })(command));

  group.command('key <url>').description('print the key with which the receiver at this address checks signatures of callbacks').action((url: string, _: unknown, command: Command) => visit(command, async (v) => {
    const { callback: { signingKey } } = notifySettings(await readSettingsFiles(v.paths));
    if (signingKey === undefined) throw new CommandError('Callbacks are not signed: set CALLBACK_SIGNING_KEY in settings.yaml');
    if (!/^https?:/.test(url) || !URL.canParse(url)) throw new CommandError(`'${url}' is no address of a receiver: write https://host`);
    v.print(receiverKey(signingKey, new URL(url).origin));
  }));
}

function signatureOf(signingKey: string | undefined, url: string, body: string): Record<string, string> {
  if (signingKey === undefined || !URL.canParse(url)) return {};
  const signature = startSignature(receiverKey(signingKey, new URL(url).origin));
  signature.update(body);
  return { 'x-lava-signature': signature.header() };
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CommandError(`'${text}' is no number`);
  return Number(text);
}
