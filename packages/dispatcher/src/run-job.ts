import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, InfrastructureError, JobCanceled, JobError, LavaError, lavaPaths, messageOf, monotonicMs } from '@lava/base';
import { isMapping, jobTimeout, mappingAt, type LogValue } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { asText } from './text/as-text.ts';
import { DownloadCache } from './cache/download-cache.ts';
import { Journal } from './log/journal.ts';
import type { LogListener } from './log/job-log.ts';
import { writeWhole } from './log/write-whole.ts';
import { buildPipeline, readBlocks, testNeeds } from './build-pipeline.ts';
import { checkDeviceShape, checkJobShape } from './pipeline/check-shapes.ts';
import { describePipeline } from './pipeline/describe.ts';
import { applyEnvironmentFile } from './pipeline/device-environment.ts';
import { dispatcherIp } from './pipeline/dispatcher-ip.ts';
import { asLavaError, explain } from './pipeline/errors.ts';
import type { JobContext } from './pipeline/job-context.ts';
import { Pipeline } from './pipeline/run-pipeline.ts';
import { JobRuntime } from './pipeline/runtime.ts';
import type { GroupLine } from './multinode/group-line.ts';
import { Multinode } from './multinode/multinode.ts';
import { makeScratch, removeScratch } from './scratch.ts';

export interface RunJobOptions {
  readonly id: string;
  /** Texts of job.yaml, device.yaml, dispatcher.yaml and env-dut.yaml. */
  readonly definition: string;
  readonly device: string;
  readonly dispatcher?: string;
  readonly envDut?: string;
  /** Where logs.yaml, description.yaml, power.json and result.yaml (written last) go; without it only the listener hears of the job. */
  readonly outputDir?: string;
  readonly validateOnly?: boolean;
  readonly listener?: LogListener;
  /** Aborted to cancel the job; a LavaError as reason becomes the job's error. */
  readonly signal?: AbortSignal;
  /** Aborted when also the cleanup takes too long. The device is switched off even so. */
  readonly hurry?: AbortSignal;
  /** The line to the other members of a multinode group; without one such a job fails. */
  readonly group?: GroupLine;
  /** Below which everything is kept; default `LAVA_ROOT` or `/`. */
  readonly root?: string;
}

export interface JobOutcome {
  readonly result: 'pass' | 'fail';
  readonly errorType?: string;
  readonly errorMessage?: string;
  /** Why, for programs: one of the codes of docs/job-failures.md. */
  readonly errorCode?: string;
  /** The device's power-off ran without an error, or the job never touched it. */
  readonly poweredOff: boolean;
}

/** Runs one job on one device in this process, from its texts to the last record of its log. Never rejects. */
export async function runJob(options: RunJobOptions): Promise<JobOutcome> {
  if (options.outputDir !== undefined) {
    await mkdir(options.outputDir, { recursive: true });
    // What an earlier run into the same folder left would be taken for this job's.
    for (const name of ['result.yaml', 'power.json', 'description.yaml', 'logs.yaml', 'scratch']) await rm(join(options.outputDir, name), { force: true });
  }
  const stop = new AbortController();
  const journal = new Journal({
    ...(options.outputDir !== undefined && { path: join(options.outputDir, 'logs.yaml') }),
    ...(options.listener && { listener: options.listener }),
    onFailure: (error) => stop.abort(new InfrastructureError(`Cannot write the job's log: ${error.message}`, { code: 'journal-write' })),
  });
  const job: JobInProgress = { options, journal, stop: stop.signal, poweredOff: true };
  let failure: LavaError | undefined;
  try {
    await execute(job);
  } catch (error) {
    failure = asLavaError(error);
    if (!(error instanceof LavaError)) journal.exception((error as Error | undefined)?.stack ?? messageOf(error));
  }
  return finish(job, failure);
}

interface JobInProgress {
  readonly options: RunJobOptions;
  readonly journal: Journal;
  readonly stop: AbortSignal;
  poweredOff: boolean;
}

async function execute(job: JobInProgress): Promise<void> {
  const { options, journal } = job;
  const definition = parse(options.definition, 'job definition', (text) => new JobError(text, { code: 'invalid-yaml' }));
  const device = parse(options.device, 'device configuration', (text) => new ConfigurationError(text, { code: 'device-configuration' }));
  const dispatcher = loadMapping(options.dispatcher, 'dispatcher.yaml');
  const secrets = mappingAt(definition, 'secrets') ?? {};
  journal.mask(Object.values(secrets).map(asText));
  checkJobShape(definition);
  checkDeviceShape(device);

  const runtime = new JobRuntime(journal, jobTimeout(definition));
  const release = connectCancel(runtime, job);
  const scratch = await makeScratch({ ...options, dispatcher });
  let cache: DownloadCache | undefined;
  let pipeline: Pipeline | undefined;
  let failure: unknown;
  try {
    cache = await DownloadCache.open(lavaPaths(options.root), process.env['LAVA_CACHE_SIZE'], scratch, (text) => journal.debug(text));
    const blocks = readBlocks(definition);
    const multinode = Multinode.of(definition, options.group, journal);
    const context: JobContext = {
      id: options.id, definition, exactDefinition: loadYaml(options.definition, { exact: true }), device, dispatcher, scratch, cache, log: journal, consoles: runtime, tests: testNeeds(blocks),
      ...(multinode && { multinode }),
      deviceEnvironment: options.envDut ? applyEnvironmentFile(loadFile(options.envDut, 'env-dut.yaml'), process.env) : {},
      environment: { ...definedOnly(process.env), ...Object.fromEntries(Object.entries(secrets).map(([k, v]) => [k, asText(v)])), LAVA_JOB_ID: options.id },
      dispatcherIp: typeof dispatcher['dispatcher_ip'] === 'string' ? dispatcher['dispatcher_ip'] : dispatcherIp(),
    };
    const actions = buildPipeline(context, runtime, blocks);
    pipeline = new Pipeline(runtime, actions);
    if (options.outputDir !== undefined) await writeWhole(join(options.outputDir, 'description.yaml'), dumpYaml(describePipeline(actions)));
    runtime.endMs = monotonicMs() + runtime.jobSeconds * 1000;
    await pipeline.validate();
    if (options.validateOnly !== true) {
      await multinode?.setUp(runtime.cancelSignal, runtime.remainingMs());
      await pipeline.run();
      multinode?.finalise();
    }
  } catch (error) {
    failure = error;
  }
  // The first error decides; what goes wrong in the cleanup matters only to a job that had passed.
  try {
    await pipeline?.cleanUp();
  } catch (error) {
    failure ??= error;
  }
  release();
  await cache?.close();
  job.poweredOff = pipeline?.poweredOff ?? true;
  await removeScratch(scratch, journal, options.outputDir);
  if (failure !== undefined) throw failure;
}

/** Hands what cancels the job to its runtime. @returns ends the listening */
function connectCancel(runtime: JobRuntime, { options, stop }: JobInProgress): () => void {
  const cancel = (signal: AbortSignal, text: string) => () => {
    const reason = signal.reason instanceof LavaError ? signal.reason : new JobCanceled(text, { code: 'canceled' });
    runtime.cancel(reason, signal === options.hurry);
  };
  const connected = ([[options.signal, 'The job was canceled'], [stop, ''], [options.hurry, 'The job was canceled again (too long to cancel)']] as const)
    .flatMap(([signal, text]) => (signal ? [{ signal, listener: cancel(signal, text) }] : []));
  for (const { signal, listener } of connected) {
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  }
  return () => { for (const { signal, listener } of connected) signal.removeEventListener('abort', listener); };
}

async function finish({ options, journal, poweredOff }: JobInProgress, failure: LavaError | undefined): Promise<JobOutcome> {
  if (failure) {
    explain(journal, failure);
    journal.error(failure.help);
  } else journal.info('Job finished correctly');
  const record: Record<string, LogValue> & { definition: string; case: string; result: string } = {
    definition: 'lava', case: 'job', result: failure ? 'fail' : 'pass',
    ...(failure && { error_msg: failure.message || 'Unknown error', error_type: failure.type, error_code: failure.code }),
  };
  journal.results(record);
  journal.close();
  const hidden = journal.masked(record) as Record<string, string>;
  if (options.outputDir !== undefined) {
    await writeWhole(join(options.outputDir, 'power.json'), JSON.stringify({ poweredOff }));
    // By the number of its records whoever has the log knows whether it is whole.
    await writeWhole(join(options.outputDir, 'result.yaml'), dumpYaml({ ...hidden, log_lines: journal.count }));
  }
  return { result: failure ? 'fail' : 'pass', poweredOff, ...(failure && { errorType: failure.type, errorMessage: hidden['error_msg'], errorCode: failure.code }) };
}

function parse(text: string, what: string, wrong: (text: string) => LavaError): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = loadYaml(text);
  } catch (error) {
    throw wrong(`The ${what} could not be parsed: ${messageOf(error)}`);
  }
  if (value === null || value === undefined || (isMapping(value) && Object.keys(value).length === 0)) throw wrong(`Empty ${what}`);
  if (!isMapping(value)) throw wrong(`The ${what} is not a mapping`);
  return value;
}

function loadFile(text: string, what: string): unknown {
  try {
    return loadYaml(text);
  } catch (error) {
    throw new ConfigurationError(`${what} could not be parsed: ${messageOf(error)}`, { code: 'configuration-file' });
  }
}

function loadMapping(text: string | undefined, what: string): Readonly<Record<string, unknown>> {
  const value = text === undefined || text === '' ? undefined : loadFile(text, what);
  return isMapping(value) ? value : {};
}

function definedOnly(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((e): e is [string, string] => e[1] !== undefined));
}
