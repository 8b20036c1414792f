import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@lava/base';
import { jobFolders } from '../backup/job-folders.ts';
import { copyShared, shareFolder } from '../backup/shared-folders.ts';
import { whileNobodyLeads } from '../leader/lock.ts';
import type { SharedFiles } from '../logs/shared-files.ts';
import { CommandError, visit, type Visit } from './visit.ts';

/** Databases in which other LAVAs keep logs. */
const databases = ['LogsMongo', 'LogsElasticsearch', 'LogsFirestore'];

/** `copy-logs`: between this server's disk and the storage of several servers; what is copied stays where it was. */
export function copyLogs(manage: Command): void {
  manage.command('copy-logs [to]').description('copy logs and files of jobs from this disk to STORAGE of settings.yaml, or with "disk" back; "jobs share" moves them').option('--dry-run', 'only say which')
    .action((to: string = 'storage', { dryRun = false }: { dryRun?: boolean }, command: Command) => visit(command, async (v) => {
      if (databases.includes(to)) throw new CommandError(`Logs are not kept in ${to.slice('Logs'.length)} here: say STORAGE: {s3: {bucket: NAME}} in settings.yaml (docs/scaling.md), then copy-logs`);
      if (to !== 'storage' && to !== 'disk') throw new CommandError(`'${to}' is no place for logs: use storage or disk`);
      const { shared } = v;
      if (!shared) throw new CommandError('There is no STORAGE in settings.yaml: all logs are on this disk');
      v.print('Copying logs:');
      if (to === 'storage') await toStorage(v, shared, dryRun);
      // Behind its back a server would not find a log twice.
      else await whileNobodyLeads(v.connection, () => toDisk(v, shared, dryRun));
      v.print('Done.');
    }));
}

async function toStorage({ db, paths, print }: Visit, shared: SharedFiles, dryRun: boolean): Promise<void> {
  await eachJob({ db, paths, print }, async (job, own) => {
    if (await shared.isStored(job)) return 'its log is there';
    if (!await stat(own).then((found) => found.isDirectory(), () => false)) return 'it has no files on this disk';
    if (!dryRun) await shareFolder(shared, db, job, own);
    return undefined;
  });
}

async function toDisk({ db, paths, print }: Visit, shared: SharedFiles, dryRun: boolean): Promise<void> {
  await eachJob({ db, paths, print }, async (job, own) => {
    if (!await shared.isStored(job) && await shared.count(job) === undefined) return 'it has no files there';
    if (!dryRun) await copyShared(shared, db, job, own);
    return undefined;
  });
}

/** @param work says why a job is left out */
async function eachJob({ db, paths, print }: Pick<Visit, 'db' | 'paths' | 'print'>, work: (job: number, own: string) => Promise<string | undefined>): Promise<void> {
  let failed = 0;
  for await (const { job, own } of jobFolders(db, paths)) {
    try {
      const skipped = await work(job, own);
      print(skipped === undefined ? `* ${job}` : `* ${job} [SKIP] - ${skipped}`);
    } catch (error) {
      failed += 1;
      print(`* ${job} [SKIP] - ${messageOf(error)}`);
    }
  }
  if (failed > 0) throw new CommandError(`${failed} jobs could not be copied: run it again`);
}
