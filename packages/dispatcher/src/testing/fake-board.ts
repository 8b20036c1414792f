import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord, LogValue } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { processesWithEnvironment } from '../process/process-tree.ts';
import { runJob, type JobOutcome, type RunJobOptions } from '../run-job.ts';

/** A login and a shell as a board with a serial console has them. */
export const friendlyBoard = `
echo 'Linux version 6.1.0 (fake)'
printf 'board login: '
read -r user
PS1='root@board:~# '
printf '%s' "$PS1"
while IFS= read -r line; do
  eval "$line"
  printf '%s' "$PS1"
done
`;

type Yaml = Readonly<Record<string, unknown>>;

/** The block that logs in to `friendlyBoard`. */
export const login: Yaml = { method: 'minimal', prompts: ['root@board:'], auto_login: { login_prompt: 'login:', username: 'root' } };

export interface BoardRun {
  readonly outcome: JobOutcome;
  readonly records: readonly LogRecord[];
  /** Messages of some levels, texts only. */
  messages(...levels: LogRecord['lvl'][]): string[];
  /** Result records by case, without their times. */
  readonly results: readonly Readonly<Record<string, LogValue>>[];
}

let boards = 0;

/** A device whose console is a bash script, with a folder of its own below the system's temporary folder. */
export class FakeBoard {
  /** Number of its jobs: no other board's, so that their processes can be told apart. */
  readonly id = `${process.pid}${boards += 1}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'lava-board-'));
  readonly #script: string;
  readonly #commands: Yaml;
  readonly #more: Yaml;

  constructor(script: string, options: { readonly commands?: Yaml; readonly device?: Yaml } = {}) {
    this.#script = script;
    this.#commands = options.commands ?? {};
    this.#more = options.device ?? {};
    writeFileSync(this.path('board.sh'), this.#script);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  get deviceYaml(): string {
    return dumpYaml({
      hostname: 'board01',
      constants: {
        failure_retry: 1, boot_retry: null, 'kernel-start-message': 'Linux version [0-9]', 'default-shell-prompt': 'lava-test: # ',
        'shutdown-message': 'The system is going down for reboot NOW', spawn_maxread: '4092',
      },
      commands: { connect: `bash ${this.path('board.sh')}`, hard_reset: 'true', power_off: `touch ${this.path('off')}`, ...this.#commands },
      actions: { deploy: { methods: {} }, boot: { connections: { serial: null }, methods: { minimal: null } } },
      timeouts: { actions: { 'power-off': { seconds: 10 } }, connections: {} },
      ...this.#more,
    });
  }

  jobYaml(actions: readonly Yaml[], more: Yaml = {}): string {
    return dumpYaml({ job_name: 'test', timeouts: { job: { seconds: 60 }, action: { seconds: 30 }, connections: { 'read-feedback': { seconds: 1 } } }, ...more, actions });
  }

  /** Runs a job on the board in this process. */
  async run(actions: readonly Yaml[], options: { readonly job?: Yaml } & Partial<RunJobOptions> = {}): Promise<BoardRun> {
    const records: LogRecord[] = [];
    const { job, listener, ...rest } = options;
    const outcome = await runJob({
      id: this.id, definition: this.jobYaml(actions, job), device: this.deviceYaml, root: this.folder, outputDir: this.path('output'),
      listener: (r) => { records.push(r); listener?.(r); }, ...rest,
    });
    const texts = (levels: readonly LogRecord['lvl'][]) => records.filter((r) => levels.includes(r.lvl) && typeof r.msg === 'string').map((r) => r.msg as string);
    const results = records.filter((r) => r.lvl === 'results').map((r) => {
      const { duration: _duration, ...record } = r.msg as Record<string, LogValue>;
      return record;
    });
    return { outcome, records, results, messages: (...levels) => texts(levels) };
  }

  /** Numbers of the processes that its jobs left. */
  get leftovers(): number[] {
    return processesWithEnvironment({ LAVA_JOB_ID: this.id }).map((p) => p.pid);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
