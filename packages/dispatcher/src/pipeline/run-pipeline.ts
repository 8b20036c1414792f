import { InfrastructureError, JobError, monotonicMs, version } from '@lava/base';
import { pythonRepr } from '@lava/job';
import { SkippedTimeout } from './errors.ts';
import type { PipelineAction } from './pipeline-action.ts';
import { cleanUpActions, runAction, validateActions } from './run-action.ts';
import type { JobRuntime } from './runtime.ts';

/** Seconds for cleaning up after a job; finalizing has its own time. */
const cleanupSeconds = 300;

/** All actions of a job and what happens to them: validate all, run, clean up. */
export class Pipeline {
  readonly #runtime: JobRuntime;
  readonly #actions: readonly PipelineAction[];
  #finalized = false;

  constructor(runtime: JobRuntime, actions: readonly PipelineAction[]) {
    this.#runtime = runtime;
    this.#actions = actions;
  }

  /** @throws JobError `Invalid job data: […]` with everything that is wrong, or what makes going on pointless */
  async validate(): Promise<void> {
    const { log } = this.#runtime;
    const started = monotonicMs();
    log.info(`lava-dispatcher, installed at version: ${version}`);
    log.info('start: 0 validate');
    log.info(`Start time: ${new Date().toISOString().replace('T', ' ').replace('Z', '000+00:00')} (UTC)`);
    let valid = false;
    try {
      this.#checkNamespaces();
      const codes = new Set<string>();
      const problems = await validateActions(this.#actions, codes);
      const [code = 'invalid-job', ...more] = codes;
      if (problems.length > 0) throw new JobError(`Invalid job data: ${pythonRepr(problems)}\n`, { code: more.length === 0 ? code : 'invalid-job' });
      valid = true;
    } finally {
      log.info(`validate duration: ${((monotonicMs() - started) / 1000).toFixed(2)}`);
      log.results({ definition: 'lava', case: 'validate', result: valid ? 'pass' : 'fail' });
    }
  }

  #checkNamespaces(): void {
    const names = new Set(this.#actions.filter((a) => a.section !== 'finalize').map((a) => a.namespace));
    if (names.has('docker-test-shell')) {
      throw new JobError("'docker-test-shell' is a reserved namespace and can't be used in job definitions", { code: 'reserved-namespace' });
    }
    if (names.has('common') && names.size > 1) {
      throw new JobError("'common' is a reserved namespace that should not be present with other namespaces", { code: 'reserved-namespace' });
    }
  }

  async run(): Promise<void> {
    for (const a of this.#actions) {
      // Finalizing logs its errors and never fails the job.
      if (a.section === 'finalize') {
        this.#finalized = true;
        await runAction(a).catch(() => undefined);
        continue;
      }
      try {
        await runAction(a);
      } catch (error) {
        if (!(error instanceof SkippedTimeout)) throw error;
        this.#runtime.log.warning(`skip_timeout is set for ${a.name} - continuing to next action block.`);
      }
    }
    if (this.#runtime.canceled) throw this.#runtime.canceled;
  }

  /** Runs once, whatever happened. The device is switched off even if cleaning up fails. */
  async cleanUp(): Promise<void> {
    const { log } = this.#runtime;
    log.info('Cleaning after the job');
    const failed = await cleanUpActions(this.#actions, monotonicMs() + cleanupSeconds * 1000);
    const last = this.#actions.at(-1);
    if (last && this.#runtime.started && !this.#finalized) {
      this.#finalized = true;
      last.clock.begin(monotonicMs() + last.timeout * 1000);
      for (const child of last.children) await runAction(child).catch(() => undefined);
      last.clock.end();
    }
    // Finalizing closes them; here are those that it did not come to.
    await Promise.all([...this.#runtime.connections.values()].map((connection) => connection.close()));
    if (failed > 0) throw new InfrastructureError('Failed to clean after job', { code: 'cleanup-failed' });
  }

  /** Whether the power-off ran and succeeded, or nothing had been started. */
  get poweredOff(): boolean {
    if (!this.#runtime.started) return true;
    return this.#actions.at(-1)?.children.find((c) => c.name === 'power-off')?.results['status'] === 'success';
  }
}
