import { resolve } from 'node:path';
import { Command } from 'commander';
import { lavaPaths, version } from '@lava/base';
import { createCertificate } from '@lava/link';
import { addManage } from './manage/manage.ts';
import { rootOption, runServer, serverOptions } from './run.ts';
import type { MasterOptions } from './settings/master-settings.ts';

/** `lava-server` with all its commands. */
export function serverProgram(): Command {
  const program = new Command('lava-server').description('The LAVA server and its administration.').version(version).option(...rootOption);

  serverOptions(program.command('run').description('run the server: database, web, API, scheduler, sockets for workers'))
    .action(async (_: unknown, command: Command) => { process.exitCode = await runServer(command.optsWithGlobals<MasterOptions>(), 'stdout'); });

  program.command('certificate <name>').description('make a key pair NAME.key and NAME.key_secret for encrypted connections')
    .option('--directory <folder>', 'where to write it (/etc/lava-dispatcher/certificates.d)')
    .action(async (name: string, options: { directory?: string }, command: Command) => {
      const { root } = command.optsWithGlobals<{ root?: string }>();
      const made = await createCertificate(options.directory ?? lavaPaths(resolve(root ?? (process.env['LAVA_ROOT'] || '/'))).certificates, name);
      process.stdout.write(`${made.publicFile}\n${made.secretFile}\n`);
    });

  addManage(program);
  return program;
}
