import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { JobCanceled, LavaBug, messageOf, version } from '@lava/base';
import { formatRecord } from '@lava/job';
import { GroupFiles } from './multinode/group-line.ts';
import { runJob, type RunJobOptions } from './run-job.ts';

const usage = `usage: lava-run --job-id ID --output-dir DIR --device FILE [--dispatcher FILE] [--env-dut FILE] [--validate] DEFINITION

Runs one job on one device and exits with 0 if it passed, 1 otherwise.

  --job-id ID          number of the job
  --output-dir DIR     where logs.yaml, description.yaml and result.yaml go
  --device FILE        the rendered device configuration
  --dispatcher FILE    settings of this worker for its jobs
  --env-dut FILE       environment for the device
  --validate           only validate the job
  --root DIR           folder that stands for / (also LAVA_ROOT)
  --skip-sudo-warning  say nothing about not being root
  --debug              print the log to stderr, also where that is no terminal
  --version, --help
`;

const options = {
  'job-id': { type: 'string' }, 'output-dir': { type: 'string' }, device: { type: 'string' }, dispatcher: { type: 'string' },
  'env-dut': { type: 'string' }, validate: { type: 'boolean' }, root: { type: 'string' }, 'job-log-interval': { type: 'string' },
  'skip-sudo-warning': { type: 'boolean' }, debug: { type: 'boolean' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
} as const;

/** The program `lava-run`. @param argv words after the program's name. @returns exit status */
export async function lavaRunMain(argv: readonly string[]): Promise<number> {
  let job: RunJobOptions;
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    if (values.version) return say(`lava-run ${version}`);
    if (values.help) return say(usage);
    const need = (name: 'job-id' | 'output-dir' | 'device') => values[name] ?? wrong(`--${name} is missing`);
    const [definition, ...more] = positionals;
    if (definition === undefined || more.length > 0) return wrong('one job definition is needed');
    const text = (file: string) => readFileSync(file, 'utf8');
    const shows = values.debug === true || process.stderr.isTTY;
    job = {
      id: need('job-id'), outputDir: need('output-dir'), device: text(need('device')), definition: text(definition),
      ...(values.dispatcher !== undefined && { dispatcher: text(values.dispatcher) }),
      ...(values['env-dut'] !== undefined && { envDut: text(values['env-dut']) }),
      ...(values.root !== undefined && { root: values.root }),
      validateOnly: values.validate ?? false,
      // The daemon that started this run names its folder so; only then somebody reads the calls.
      ...(process.env['LAVA_ATTEMPT'] === need('output-dir') && { group: new GroupFiles(need('output-dir')) }),
      ...(shows && { listener: (r) => process.stderr.write(formatRecord(r.lvl, r.msg, { at: new Date(r.dt), ...(r.ns !== undefined && { ns: r.ns }) })) }),
    };
    if (process.getuid?.() !== 0 && !values['skip-sudo-warning']) say('lava-run is not run as root: methods that mount or flash will not work');
  } catch (error) {
    process.stderr.write(`lava-run: ${messageOf(error)}\n`);
    return 2;
  }
  // Whoever read our output may be gone; the job goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.title = `lava-run [job: ${job.id}]`;
  const { signal, hurry } = listenForSignals();
  const { result } = await runJob({ ...job, signal, hurry });
  return result === 'pass' ? 0 : 1;
}

function say(text: string): 0 {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}

function wrong(text: string): never {
  throw new Error(`${text}; see lava-run --help`);
}

/** The first signal cancels the job, every later one also its cleanup. A bug of ours ends the job in an orderly way, too. */
function listenForSignals(): { signal: AbortSignal; hurry: AbortSignal } {
  const first = new AbortController();
  const second = new AbortController();
  const cancel = (reason: () => Error) => () => {
    if (!first.signal.aborted) first.abort(reason());
    else second.abort(new JobCanceled('The job was canceled again (too long to cancel)', { code: 'canceled-again' }));
  };
  const canceled = cancel(() => new JobCanceled('The job was canceled', { code: 'canceled' }));
  for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR2'] as const) process.on(name, canceled);
  process.on('SIGUSR1', cancel(() => new JobCanceled('The job was deleted on the lava-server', { code: 'deleted' })));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      if (!first.signal.aborted) first.abort(new LavaBug(messageOf(error)));
    });
  }
  return { signal: first.signal, hurry: second.signal };
}
