#!/usr/bin/env node
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { version } from '@lava/base';
import { exitStatus, report } from '../exit.ts';
import type { GlobalOptions } from '../commands/context.ts';
import type { DeviceFileOptions } from '../commands/device-file.ts';
import type { TestbedOptions } from '../commands/testbed.ts';

const jobNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A job is named by its number.');
  return Number(text);
};
const jobNumbers = (text: string, previous: number[] = []): number[] => [...previous, jobNumber(text)];

const program = new Command('lava')
  .description('Submit, follow and run LAVA jobs.')
  .version(version)
  .option('--url <url>', 'address of the server (or LAVA_URL, or what `lava login` stored)')
  .option('--token <secret>', 'API token (or LAVA_TOKEN, or what `lava login` stored)')
  .option('--json', 'print JSON for programs')
  .showHelpAfterError("Run 'lava --help' for the commands.")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.ok : exitStatus.usage))
  .addHelpText('after', `
Exit status: 0 all is well (a followed job is Complete) · 1 the job or the definition failed · 2 wrong usage · 3 no server or no permission`);

/** Runs a command with all options and exits with the status it returns. */
const run = <A extends unknown[]>(command: (...args: A) => Promise<number>) =>
  async (...args: unknown[]): Promise<void> => {
    const self = args.pop() as Command;
    args.pop();
    try {
      process.exitCode = await command(...([...args, self.optsWithGlobals()] as A));
    } catch (error) {
      process.exitCode = report(error);
    }
  };

program.command('login').description('store the server and a token for the other commands')
  .action(run(async (o: GlobalOptions) => (await import('../commands/login.ts')).login(o)));

program.command('submit').description('submit a job definition').argument('<file>', 'YAML file, - for standard input')
  .option('-f, --follow', 'show the log until the job ends, then the results')
  .action(run(async (file: string, o: GlobalOptions) => (await import('../commands/submit.ts')).submit(file, o)));

program.command('run').description('run a job here, on a device of yours, without a server').argument('<file>', 'YAML file of the job')
  .requiredOption('-d, --device <file>', 'device dictionary (*.jinja2) or rendered device configuration (*.yaml)')
  .option('-o, --output-dir <folder>', 'keep logs.yaml, description.yaml and result.yaml there')
  .option('--templates <folder>', 'look for device types there first')
  .action(run(async (file: string, o: GlobalOptions & { device: string }) => (await import('../commands/run.ts')).runLocally(file, o)));

program.command('testbed').description('play a scripted board to try jobs and device types on; without a board: list boards and faults').argument('[board]', 'name of a board, or YAML file of one of yours')
  .option('--fault <kind@stage>', 'break it there (several times)', (one: string, all: string[]) => [...all, one], [])
  .option('-j, --job <file>', 'run this job on it, then end')
  .option('-d, --device <file>', 'device dictionary (*.jinja2) to run it with, instead of the board\'s own configuration')
  .option('--templates <folder>', 'look for device types there first')
  .option('--serial-port <port>').option('--pdu-port <port>')
  .action(run(async (board: string | undefined, o: TestbedOptions) => (await import('../commands/testbed.ts')).testbed(board, o)));

program.command('validate').description('say what is wrong with job and test definitions, without a server').argument('<files...>')
  .option('--testdef', 'they are test definitions; without this option those that look like one')
  .option('--strict', 'warnings fail too')
  .action(run(async (files: string[], o: GlobalOptions & { testdef?: boolean; strict?: boolean }) => (await import('../commands/validate.ts')).validate(files, o)));

program.command('schema').description('print the JSON Schema of jobs, device configurations, lab files or test definitions, for editors')
  .addArgument(new Argument('<what>').choices(['job', 'device', 'lab', 'test-definition']))
  .action(run(async (what: 'job' | 'device' | 'lab' | 'test-definition') => (await import('../commands/schema.ts')).schema(what)));

program.command('jobs').description('list jobs, newest first')
  .option('--state <words>', 'Submitted, Scheduled, Running, Finished … (comma list)')
  .option('--health <words>', 'Complete, Incomplete, Canceled (comma list)')
  .option('--type <name>').option('--device <name>').option('--submitter <name>').option('--search <text>')
  .addOption(new Option('--limit <n>', 'at most this many').default('25'))
  .action(run(async (o: GlobalOptions & { limit: string }) => (await import('../commands/jobs.ts')).jobs(o)));

program.command('logs').description('print the log of a job').argument('<job>', '', jobNumber)
  .option('-f, --follow', 'until the job ends')
  .action(run(async (id: number, o: GlobalOptions) => (await import('../commands/logs.ts')).logs(id, o)));

program.command('results').description('print the results of a job').argument('<job>', '', jobNumber)
  .action(run(async (id: number, o: GlobalOptions) => (await import('../commands/results.ts')).results(id, o)));

program.command('events').description('show what happens on the server: jobs, devices, workers, and what tests tell')
  .option('--type <words>', 'only testjob, device, worker or event (comma list)')
  .addOption(new Option('--job <number>', 'only of this job').argParser((text) => String(jobNumber(text))))
  .action(run(async (o: GlobalOptions) => (await import('../commands/events.ts')).events(o)));

program.command('cancel').description('cancel jobs').argument('<jobs...>', '', jobNumbers)
  .action(run(async (ids: number[], o: GlobalOptions) => (await import('../commands/cancel.ts')).cancel(ids, o)));

program.command('devices').description('list devices')
  .action(run(async (o: GlobalOptions) => (await import('../commands/lists.ts')).devices(o)));

const device = program.command('device').description('work on device dictionaries here, without a server');
const withTemplates = (command: Command) => command.option('--templates <folder>', 'look for device types there first')
  .option('-c, --context <name=value...>', 'variables that a job gives in its context');

withTemplates(device.command('render').description('print the configuration that a dictionary gives').argument('<dictionary>'))
  .action(run(async (file: string, o: DeviceFileOptions) => (await import('../commands/device-render.ts')).renderDeviceFile(file, o)));

withTemplates(device.command('check').description('say what is wrong with dictionaries (*.jinja2) or rendered configurations (*.yaml)').argument('<files...>'))
  .option('--strict', 'fail on warnings, too')
  .action(run(async (files: string[], o: DeviceFileOptions & { strict?: boolean }) => (await import('../commands/device-check.ts')).checkDevices(files, o)));

withTemplates(device.command('diff').description('compare two configurations key by key').argument('<before>').argument('[after]')
  .option('--with <folder>', 'compare with what the device types of this folder give'))
  .action(run(async (before: string, after: string | undefined, o: DeviceFileOptions & { with?: string }) => (await import('../commands/device-diff.ts')).diffDevices(before, after, o)));

const lab = program.command('lab').description('describe a whole lab in one file (docs/lab-file.md)');
const prunable = (command: Command) => command.argument('<file>', 'lab.yaml').option('--prune', 'retire devices and workers and hide device types that the file does not name');

lab.command('check').description('say what is wrong with a lab file, without a server').argument('<file>', 'lab.yaml')
  .action(run(async (file: string, o: GlobalOptions) => (await import('../commands/lab-check.ts')).checkLabFile(file, o)));

prunable(lab.command('diff').description('show what applying it would change')).option('--against <export>', 'compare with an exported lab, without a server')
  .action(run(async (file: string, o: GlobalOptions) => (await import('../commands/lab-diff.ts')).diffLab(file, o)));

prunable(lab.command('apply').description('make the lab what the file says')).option('-y, --yes', 'do not ask').option('--revision <revision>', 'only if the lab is still what `diff` saw; does not ask')
  .action(run(async (file: string, o: GlobalOptions) => (await import('../commands/lab-apply.ts')).applyLab(file, o)));

lab.command('export').description('write the lab of the server as a lab file').option('-o, --output <file>').option('--full', 'also fields that say nothing special')
  .action(run(async (o: GlobalOptions) => (await import('../commands/lab-export.ts')).exportLab(o)));

lab.command('import-boards').description("turn the boards.yaml of KernelCI's lava-docker into a lab file").argument('<file>', 'boards.yaml')
  .action(run(async (file: string) => (await import('../commands/lab-import-boards.ts')).importBoardsFile(file)));

program.command('workers').description('list workers')
  .action(run(async (o: GlobalOptions) => (await import('../commands/lists.ts')).workers(o)));

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`lava logs 1 | head`) is no failure.
  if (error.code === 'EPIPE') process.exit(exitStatus.ok);
  throw error;
});

await program.parseAsync();
