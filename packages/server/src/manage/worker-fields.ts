import { sql } from 'kysely';
import { workerHealths, type WorkerHealth } from '@lava/job';
import type { Change } from '../store/change.ts';
import { changeWorkerHealth } from '../workers/worker-changes.ts';
import { CommandError } from './visit.ts';

/** Options of commands that set what a worker is. */
export interface WorkerOptions {
  readonly description?: string;
  readonly health?: string;
  readonly certificate?: string;
  readonly jobLimit?: string;
  readonly display?: boolean;
}

/** @throws CommandError when a worker cannot be called so */
export function checkName(hostname: string): void {
  if (!/^[-_a-zA-Z0-9.]{1,200}$/.test(hostname)) throw new CommandError(`'${hostname}' cannot name a worker: use letters, digits, dots, dashes and underscores`);
}

export async function addWorker(c: Change, hostname: string, options: WorkerOptions, exists: (hostname: string) => CommandError): Promise<void> {
  checkName(hostname);
  const { numAffectedRows } = await sql`insert into workers (hostname) values (${hostname}) on conflict do nothing`.execute(c.trx);
  if (numAffectedRows === 0n) throw exists(hostname);
  await setFields(c, hostname, options);
  c.note('worker', hostname, options.display === false ? 'added, disabled' : 'added');
  c.worker(hostname);
}

export async function setFields(c: Change, hostname: string, options: WorkerOptions): Promise<void> {
  const limit = options.jobLimit === undefined ? undefined : Number(options.jobLimit);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) throw new CommandError(`'${options.jobLimit}' is no job limit`);
  const fields = Object.fromEntries(Object.entries({
    description: options.description, certificate: options.certificate === '' ? null : options.certificate, job_limit: limit, display: options.display,
  }).filter(([, value]) => value !== undefined));
  if (Object.keys(fields).length > 0) await c.trx.updateTable('workers').set(fields).where('hostname', '=', hostname).execute();
  if (options.health !== undefined) await changeWorkerHealth(c, hostname, healthNamed(options.health));
}

export async function mustExist(c: Change, hostname: string): Promise<void> {
  const found = await c.trx.selectFrom('workers').select('hostname').where('hostname', '=', hostname).executeTakeFirst();
  if (!found) throw new CommandError(`Unable to find worker '${hostname}'`);
}

function healthNamed(text: string): WorkerHealth {
  const health = workerHealths.find((h) => h.toUpperCase() === text.toUpperCase());
  if (!health) throw new CommandError(`'${text}' is no health of a worker: use ${workerHealths.map((h) => h.toUpperCase()).join(', ')}`);
  return health;
}
