import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@lava/base';
import { shareFolders } from '../backup/shared-folders.ts';
import { findDatabase } from '../import/find-database.ts';
import { deviceService } from '../core/device-service.ts';
import { renderFrom } from '../devices/renderer.ts';
import { importLava } from '../import/import-lava.ts';
import type { ImportParts } from '../import/import-parts.ts';
import { rehearse } from '../import/rehearsal.ts';
import { Report } from '../import/report.ts';
import { openSource } from '../import/source.ts';
import type { EventBus } from '../event-bus.ts';
import { change } from '../store/change.ts';
import { CommandError, commandLine, visit } from './visit.ts';

interface Options {
  readonly database?: string;
  readonly config?: string;
  readonly media?: string;
  readonly spareNumbers: string;
  readonly report?: string;
  readonly dryRun?: boolean;
}

/** `import-lava`: everything that another LAVA has. */
export function importLavaCommand(manage: Command): void {
  manage.command('import-lava').description('bring over users, devices, jobs and results of another LAVA, which is only read; run it again for what is new')
    .option('--database <url>', 'its PostgreSQL, postgresql://USER:PASSWORD@HOST:PORT/NAME; what its settings say if left out')
    .option('--config <folder>', 'its /etc/lava-server, or a copy')
    .option('--media <folder>', 'its media folder with job-output, or a copy: /var/lib/lava-server/default/media')
    .option('--spare-numbers <count>', 'numbers of jobs to keep free for jobs that it will still run', '1000')
    .option('--report <file>', 'write the report here too')
    .option('--dry-run', 'only print the report: nothing is changed')
    .action((options: Options, command: Command) => visit(command, async (v) => {
      if (options.database === undefined && options.config === undefined) throw new CommandError('Say where the other LAVA is: --database, or --config');
      if (!/^\d{1,8}$/.test(options.spareNumbers)) throw new CommandError(`'${options.spareNumbers}' is no number of jobs`);
      const source = await openSource(options.database ?? await findDatabase(options.config!));
      const report = new Report();
      try {
        v.print(`Reading a LAVA whose tables are as of ${source.schema}`);
        const chosen = { config: options.config, media: options.media, spareNumbers: Number(options.spareNumbers) };
        const parts = { source, paths: v.paths, report, progress: v.print };
        if (options.dryRun) {
          await rehearse(v.connection, async (db) => {
            const inside: ImportParts['change'] = (work) => change({ db, events: nobody }, commandLine, work);
            const devices = await importLava({ ...parts, db, dryRun: true, change: inside }, chosen);
            // Nothing was copied: templates and dictionaries are where they come from.
            const paths = options.config === undefined ? v.paths : { ...v.paths, serverConfig: options.config };
            const service = deviceService({ stored: { db, events: nobody }, paths, render: renderFrom({ db, paths }) });
            await checkDevices((hostname) => service.render(hostname), devices, report);
          });
          v.print('\nNothing was changed. With this command, but without --dry-run, it would be:');
        } else {
          const devices = await importLava({ ...parts, db: v.db, dryRun: false, change: v.change }, chosen);
          if (v.shared) await shareFolders(v.shared, v.db, v.paths);
          await checkDevices((hostname) => v.devices.render(hostname), devices, report);
        }
      } finally {
        await source.close();
      }
      const text = report.lines().join('\n');
      v.print(`\n${text}`);
      if (options.report !== undefined) await writeFile(options.report, `${text}\n`);
    }));
}

/** Nobody hears of what is taken back. */
const nobody: EventBus = { publish: () => {}, subscribe: () => () => {} };

/** A device whose templates do not fit would only be seen by its first job. */
async function checkDevices(render: (hostname: string) => Promise<unknown>, devices: readonly string[], report: Report): Promise<void> {
  for (const hostname of devices) {
    await render(hostname).catch((error: unknown) => { report.left(`devices whose configuration cannot be used (${messageOf(error)})`, [hostname]); });
  }
}
