import { workerHealths, type WorkerHealth } from '@lava/job';
import { addWorker, changeWorker } from '../objects/write-worker.ts';
import type { Change } from '../store/change.ts';
import { workerHealth } from '../store/numbers.ts';
import { changeWorkerHealth } from '../workers/worker-changes.ts';
import { addNew, given } from './objects.ts';
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

/** @throws CommandError with `status` when there is a worker of that name */
export async function addNamedWorker(c: Change, hostname: string, options: WorkerOptions, taken: string, status?: number): Promise<void> {
  checkName(hostname);
  const health = options.health === undefined ? {} : { health: workerHealth[healthNamed(options.health)] };
  await addNew(taken, () => addWorker(c, { ...columnsOf(options), ...health, hostname }), status);
}

export async function updateWorker(c: Change, hostname: string, options: WorkerOptions): Promise<void> {
  await mustExist(c, hostname);
  await changeWorker(c, hostname, columnsOf(options));
  if (options.health !== undefined) await changeWorkerHealth(c, hostname, healthNamed(options.health));
}

function columnsOf({ description, certificate, jobLimit, display }: WorkerOptions) {
  const limit = jobLimit === undefined ? undefined : Number(jobLimit);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0 && limit < 2 ** 31)) throw new CommandError(`'${jobLimit}' is no job limit`);
  return given({ description, certificate: certificate === '' ? null : certificate, job_limit: limit, display });
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
