import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import { renderDevice } from '@lava/device';
import { runJob } from '@lava/dispatcher';
import { checkJob, formatValue, isMapping, type LogRecord } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import type { CaseRow, Suite } from '../api-types.ts';
import { exitStatus } from '../exit.ts';
import { LogPrinter } from '../print/log-printer.ts';
import { formatProblems } from '../print/problems.ts';
import { resultsTable } from '../print/results-table.ts';
import { verdict } from '../print/style.ts';
import type { GlobalOptions } from './context.ts';
import { foldersFor, localRoot } from './device-file.ts';
import { readText } from './read-file.ts';

interface RunOptions extends GlobalOptions {
  readonly device: string;
  readonly outputDir?: string;
  readonly templates?: string;
}

/** `lava run JOB --device DEVICE`: the dispatcher in this process, on a device of this machine, without any server. */
export async function runLocally(file: string, options: RunOptions): Promise<number> {
  const definition = await readText(file);
  const { problems } = checkJob(definition);
  if (problems.length > 0) process.stderr.write(formatProblems(file, definition, problems));
  if (problems.some((p) => p.severity === 'error')) return exitStatus.failed;

  const root = localRoot();
  const device = await deviceConfiguration(options, definition);
  const outputDir = options.outputDir === undefined ? await mkdtemp(join(tmpdir(), 'lava-run-')) : resolve(options.outputDir);
  const cancel = new AbortController();
  const hurry = new AbortController();
  // The first Ctrl-C cancels the job in order, the second ends its cleanup.
  const interrupt = () => (cancel.signal.aborted ? hurry : cancel).abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);

  const printer = new LogPrinter();
  const results: LogRecord[] = [];
  const outcome = await runJob({
    id: String(process.pid), definition, device, outputDir, root, signal: cancel.signal, hurry: hurry.signal,
    listener: (record) => {
      if (record.lvl === 'results') results.push(record);
      if (options.json) process.stdout.write(`${formatValue({ ...record })}\n`);
      else printer.print(record);
    },
  });
  if (options.outputDir === undefined) await rm(outputDir, { recursive: true, force: true });
  if (!options.json) {
    const why = outcome.errorType ? ` (${outcome.errorType}: ${outcome.errorMessage ?? ''})` : '';
    process.stdout.write(`\n${resultsTable(suitesOf(results))}${verdict(outcome.result === 'pass' ? 'Complete' : 'Incomplete')}${why}\n`);
  }
  return outcome.result === 'pass' ? exitStatus.ok : exitStatus.failed;
}

/** A rendered configuration as it is; a dictionary rendered with the job's context, as the server does it. */
async function deviceConfiguration(options: RunOptions, definition: string): Promise<string> {
  const text = await readText(options.device);
  if (/^\.ya?ml$/.test(extname(options.device))) return text;
  const job = loadYaml(definition);
  const context = isMapping(job) && isMapping(job['context']) ? job['context'] : {};
  const name = basename(options.device, extname(options.device));
  return renderDevice({ name, dictionary: text, lookup: foldersFor(options.device, text, options.templates), context }).text;
}

/** The results of a log as the server would show them. */
function suitesOf(records: readonly LogRecord[]): Suite[] {
  const suites = new Map<string, CaseRow[]>();
  for (const [i, { msg, dt }] of records.entries()) {
    if (!isMapping(msg)) continue;
    const cases = suites.get(String(msg['definition'])) ?? [];
    suites.set(String(msg['definition']), cases);
    cases.push({
      id: i, name: String(msg['case']), result: String(msg['result']), measurement: msg['measurement'] === undefined ? null : String(msg['measurement']),
      units: String(msg['units'] ?? ''), set: msg['set'] === undefined ? null : String(msg['set']), logged: dt,
      start_log_line: null, end_log_line: null, log_line: null, metadata: {},
    });
  }
  return [...suites].map(([name, cases], id) => ({ id, name, cases }));
}
