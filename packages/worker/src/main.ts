import { daemonLog, LavaError, messageOf, version } from '@lava/base';
import { cacheMain } from './cache-command.ts';
import { runWorker, type DaemonOptions } from './daemon.ts';
import { enrolMain } from './enrol.ts';
import { openLogFile } from './log-file.ts';
import { readSettings, usage } from './settings.ts';

/** What `lava-worker` and `lava-slave` do. Resolves with the exit status. */
export async function workerMain(program: 'lava-worker' | 'lava-slave', options: Pick<DaemonOptions, 'lavaRun' | 'finishDeadRun'>): Promise<number> {
  let complain = (text: string) => { process.stderr.write(`${program}: ${text}\n`); };
  try {
    if (process.argv[2] === 'enroll') return await enrolMain(process.argv.slice(3), process.env);
    if (process.argv[2] === 'cache') return await cacheMain(process.argv.slice(3), process.env);
    const settings = await readSettings(program, process.argv.slice(2), process.env);
    if ('ask' in settings) {
      process.stdout.write(settings.ask === 'help' ? usage(program) : `${program} ${version}\n`);
      return 0;
    }
    const file = openLogFile(settings.logFile);
    const log = daemonLog(settings.level, (line) => file.write(line), settings.logFormat);
    const toStderr = complain;
    complain = (text) => { log.error(text); if (settings.logFile !== '-') toStderr(text); };
    const stop = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { log.info('[POLL] Received a signal, leaving'); stop.abort(); });
    process.on('SIGHUP', () => file.reopen());
    return await runWorker({
      settings, log, name: program.slice('lava-'.length), finishDeadRun: options.finishDeadRun, lavaRun: settings.lavaRun ?? options.lavaRun,
    }, stop.signal);
  } catch (error) {
    complain(explain(error));
    return 1;
  }
}

/** Text of an error for the person who started the program. */
export function explain(error: unknown): string {
  if (error instanceof LavaError) return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
}
