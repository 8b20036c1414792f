#!/usr/bin/env node
import { Command } from 'commander';
import { version } from '@lava/base';
import type { MasterOptions } from '../settings/master-settings.ts';
import { explain, rootOption, runServer, serverOptions } from '../run.ts';

const program = serverOptions(new Command('lava-master').description('The LAVA server: web, API, scheduler, and the sockets that workers connect to.').version(version));
program.option(...rootOption);
program.option('-u, --user <name>', 'accepted for old start scripts; without effect').option('-g, --group <name>', 'accepted for old start scripts; without effect');
program.option('--event-url <url>', 'accepted for old start scripts; without effect');
program.parse();
process.exit(await runServer(program.opts<MasterOptions>(), 'file').catch((error: unknown) => {
  process.stderr.write(`lava-master: ${explain(error)}\n`);
  return 1;
}));
