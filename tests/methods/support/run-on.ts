import { lavaPaths } from '@lava/base';
import { lookupFolders, renderDevice } from '@lava/device';
import { runJob, type JobOutcome, type RunJobOptions } from '@lava/dispatcher';
import type { LogRecord } from '@lava/job';
import { dumpYaml } from '@lava/yaml';

export interface RunOn {
  readonly outcome: JobOutcome;
  readonly records: readonly LogRecord[];
  /** `definition/case result`, of all results but those of suite `lava`. */
  readonly cases: string[];
  /** Texts of the log, by level. */
  texts(...levels: string[]): string[];
}

/** Runs a job on a device of a packaged type, in this process; the job's `context` has its say in the device's configuration. @param folder stands for `/` of the worker's state */
export async function runOn(folder: string, dictionary: string, actions: readonly object[], options: { readonly job?: Readonly<Record<string, unknown>> & { readonly context?: Readonly<Record<string, unknown>> }; readonly dispatcher?: object } & Omit<Partial<RunJobOptions>, 'dispatcher'> = {}): Promise<RunOn> {
  const { job, dispatcher = {}, listener, ...more } = options;
  const records: LogRecord[] = [];
  const outcome = await runJob({
    id: '4212', root: folder, device: renderDevice({ name: 'board', dictionary, lookup: lookupFolders(lavaPaths(folder)), ...(job?.context && { context: job.context }) }).text,
    listener: (record) => { records.push(record); listener?.(record); },
    definition: dumpYaml({ job_name: 'method', visibility: 'public', timeouts: { job: { minutes: 3 }, action: { minutes: 2 }, connection: { seconds: 30 } }, ...job, actions }),
    ...more, dispatcher: dumpYaml({ dispatcher_ip: '127.0.0.1', ...dispatcher }),
  });
  const results = records.filter((r) => r.lvl === 'results').map((r) => r.msg as Record<string, unknown>);
  return {
    outcome, records, cases: results.filter((r) => r['definition'] !== 'lava').map((r) => `${String(r['definition'])}/${String(r['case'])} ${String(r['result'])}`),
    texts: (...levels) => records.filter((r) => levels.includes(r.lvl)).map((r) => String(r.msg)),
  };
}

/** A test definition with these steps, in the job itself. */
export function steps(name: string, ...lines: string[]): object {
  return { from: 'inline', name, path: `${name}.yaml`, repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name }, run: { steps: lines } } };
}
