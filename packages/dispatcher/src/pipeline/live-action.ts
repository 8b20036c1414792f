import { chmod, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, JobError } from '@lava/base';
import { actionTimeout, connectionTimeout, isMapping, mappingAt, type LogValue } from '@lava/job';
import { asText } from '../text/as-text.ts';
import type { Connection } from '../console/connection.ts';
import type { JobLog } from '../log/job-log.ts';
import { ActionClock } from './action-clock.ts';
import type { ActionSpec, ExecOptions, ExecResult, Parameters, Section, SharedKey } from './action.ts';
import { timeoutError } from './errors.ts';
import { execProgram } from './exec.ts';
import type { JobContext } from './job-context.ts';
import { maxRetries } from './max-retries.ts';
import { runChildren } from './run-action.ts';
import type { PipelineAction } from './pipeline-action.ts';
import type { JobRuntime } from './runtime.ts';

/** Where an action stands in its job. */
interface Place {
  readonly job: JobContext;
  readonly runtime: JobRuntime;
  readonly section: Section;
  readonly level: string;
  readonly parameters: Parameters;
  readonly parent?: LiveAction;
}

/** A spec at its place in the pipeline of one job. */
export class LiveAction implements PipelineAction {
  readonly spec: ActionSpec;
  readonly name: string;
  readonly level: string;
  readonly section: Section;
  readonly parameters: Parameters;
  readonly job: JobContext;
  readonly log: JobLog;
  readonly runtime: JobRuntime;
  readonly parent: LiveAction | undefined;
  readonly children: readonly LiveAction[];
  readonly timeout: number;
  readonly exceedsJob: boolean;
  readonly connectionTimeout: number;
  readonly maxRetries: number;
  readonly clock: ActionClock;
  /** Its cleanup is running. */
  cleaning = false;
  errors: string[] = [];
  readonly errorCodes = new Set<string>();
  results: Record<string, LogValue> = {};

  constructor(spec: ActionSpec, place: Place) {
    this.spec = spec;
    this.name = spec.name;
    this.level = place.level;
    this.section = place.section;
    this.parameters = spec.parameters ?? place.parameters;
    this.job = place.job;
    this.log = place.job.log;
    this.runtime = place.runtime;
    this.parent = place.parent;
    const common = { name: spec.name, job: place.job.definition, device: place.job.device, block: this.parameters };
    this.maxRetries = spec.retry ? maxRetries(this) : 1;
    const more = { ...(place.parent && { parent: place.parent }), ...(spec.defaultTimeout && { initial: spec.defaultTimeout }) };
    this.timeout = actionTimeout({ ...common, ...more });
    this.exceedsJob = this.timeout > this.runtime.jobSeconds && actionTimeout({ ...common, ...more, device: {} }) > this.runtime.jobSeconds;
    this.connectionTimeout = connectionTimeout(common);
    this.clock = new ActionClock(place.parent?.clock, (seconds) => timeoutError(spec, seconds, mappingAt(this.parameters, 'timeout')?.['skip'] === true));
    this.children = (spec.children ?? []).map((child, i) =>
      new LiveAction(child, { ...place, level: `${place.level}.${i + 1}`, parameters: this.parameters, parent: this }));
  }

  get namespace(): string { return asText(this.parameters['namespace'] ?? 'common'); }
  get signal(): AbortSignal { return this.clock.signal; }
  remainingMs(): number { return this.clock.remainingMs(); }
  get protection(): 'always' | 'once' | undefined { return this.section === 'finalize' ? 'always' : this.cleaning ? 'once' : undefined; }
  abort(error: Error): void { this.clock.abort(error); }

  error(text: string, code = 'invalid-job'): void {
    this.errors.push(text);
    this.errorCodes.add(code);
  }

  get<T>(key: SharedKey<T>): T | undefined { return this.getFrom(this.namespace, key); }
  set<T>(key: SharedKey<T>, value: T): void { this.runtime.cells(this.namespace).set(key.name, value); }
  getFrom<T>(namespace: string, key: SharedKey<T>): T | undefined { return this.runtime.cells(namespace).get(key.name) as T | undefined; }

  get connection(): Connection | undefined {
    const borrowed = this.parameters['connection-namespace'];
    return this.runtime.connections.get(typeof borrowed === 'string' ? borrowed : this.namespace);
  }

  set connection(connection: Connection | undefined) {
    if (connection) this.runtime.connections.set(this.namespace, connection);
    else this.runtime.connections.delete(this.namespace);
  }

  async addConnection(namespace: string, connection: Connection): Promise<void> {
    const former = this.runtime.connections.get(namespace);
    this.runtime.connections.set(namespace, connection);
    await former?.close();
  }

  needConnection(): Connection {
    if (this.connection) return this.connection;
    this.log.error('No connection to the DUT, Check that a boot action precede test actions');
    throw new JobError('No connection to the DUT', { code: 'no-connection' });
  }

  constant(name: string, prefix = ''): unknown {
    const context = mappingAt(this.job.definition, 'context');
    if (context && Object.hasOwn(context, name)) return context[name];
    const deployment: unknown = this.parameters['deployment_data'] ?? this.runtime.deployments.get(this.namespace);
    if (isMapping(deployment) && deployment[name] !== undefined) return deployment[name];
    const constants = mappingAt(this.job.device, 'constants', ...(prefix === '' ? [] : [prefix]));
    if (constants && Object.hasOwn(constants, name)) return constants[name];
    throw new ConfigurationError(`Constant ${prefix === '' ? name : `${prefix}, ${name}`} does not exist in the device configuration`, {
      code: 'constant-missing', hint: 'Device types that extend the base template have all constants.',
    });
  }

  runChildren(): Promise<void> { return runChildren(this); }
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> { return execProgram(this, argv, options); }

  async makeFolder(): Promise<string> {
    const folder = await mkdtemp(join(this.job.scratch, `${this.name}-`));
    await chmod(folder, 0o755);
    return folder;
  }
}
