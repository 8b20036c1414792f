import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@lava/base';
import { findDatabase } from '../import/find-database.ts';
import { importLava } from '../import/import-lava.ts';
import { Report } from '../import/report.ts';
import { openSource } from '../import/source.ts';
import { CommandError, visit, type Visit } from './visit.ts';

interface Options {
  readonly database?: string;
  readonly config?: string;
  readonly media?: string;
  readonly spareNumbers: string;
  readonly report?: string;
}

/** `import-lava`: everything that another LAVA has. */
export function importLavaCommand(manage: Command): void {
  manage.command('import-lava').description('bring over users, devices, jobs and results of another LAVA, which is only read; run it again for what is new')
    .option('--database <url>', 'its PostgreSQL, postgresql://USER:PASSWORD@HOST:PORT/NAME; what its settings say if left out')
    .option('--config <folder>', 'its /etc/lava-server, or a copy')
    .option('--media <folder>', 'its media folder with job-output, or a copy: /var/lib/lava-server/default/media')
    .option('--spare-numbers <count>', 'numbers of jobs to keep free for jobs that it will still run', '1000')
    .option('--report <file>', 'write the report here too')
    .action((options: Options, command: Command) => visit(command, async (v) => {
      if (options.database === undefined && options.config === undefined) throw new CommandError('Say where the other LAVA is: --database, or --config');
      if (!/^\d{1,8}$/.test(options.spareNumbers)) throw new CommandError(`'${options.spareNumbers}' is no number of jobs`);
      const source = await openSource(options.database ?? await findDatabase(options.config!));
      const report = new Report();
      try {
        v.print(`Reading a LAVA whose tables are as of ${source.schema}`);
        const parts = { source, db: v.db, paths: v.paths, report, change: v.change, progress: v.print };
        const devices = await importLava(parts, { config: options.config, media: options.media, spareNumbers: Number(options.spareNumbers) });
        await checkDevices(v, devices, report);
      } finally {
        await source.close();
      }
      const text = report.lines().join('\n');
      v.print(`\n${text}`);
      if (options.report !== undefined) await writeFile(options.report, `${text}\n`);
    }));
}

/** A device whose templates do not fit would only be seen by its first job. */
async function checkDevices(v: Visit, devices: readonly string[], report: Report): Promise<void> {
  for (const hostname of devices) {
    await v.devices.render(hostname).catch((error: unknown) => { report.left(`devices whose configuration cannot be used (${messageOf(error)})`, [hostname]); });
  }
}
