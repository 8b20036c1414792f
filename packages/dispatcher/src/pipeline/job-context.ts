import type { DownloadCache } from '../cache/download-cache.ts';
import type { ConsoleHost } from '../console/console.ts';
import type { JobLog } from '../log/job-log.ts';
import type { Multinode } from '../multinode/multinode.ts';

/** What all actions of a job know; made once by the parser, before any action exists. */
export interface JobContext {
  readonly id: string;
  /** The job definition as loaded from YAML. */
  readonly definition: Readonly<Record<string, unknown>>;
  /** The same with mappings as Maps and floats as written: parameters of tests are given on as text, and `2.0` is not `2`. */
  readonly exactDefinition?: unknown;
  /** The rendered device configuration. */
  readonly device: Readonly<Record<string, unknown>>;
  /** Settings of the worker for its jobs (dispatcher.yaml); `{}` if none. */
  readonly dispatcher: Readonly<Record<string, unknown>>;
  /** Environment for the device (env-dut.yaml): names and values; `{}` if none. */
  readonly deviceEnvironment: Readonly<Record<string, string>>;
  /** Environment for programs that run on the worker: that of lava-run, `LAVA_JOB_ID` and the job's secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of this job's temporary files; removed at the end. */
  readonly scratch: string;
  /** Downloads of earlier jobs of this worker; without it none are kept. */
  readonly cache?: DownloadCache;
  /** Address of this worker that devices can reach (`dispatcher_ip`, or that of the default route). */
  readonly dispatcherIp: string;
  readonly log: JobLog;
  /** What a new connection needs of the job it belongs to. */
  readonly consoles: ConsoleHost;
  /** The group that the job is a member of, if it is. */
  readonly multinode?: Multinode;
  /** What the test blocks of each namespace will need; deploy and boot actions ask it. */
  readonly tests: ReadonlyMap<string, TestNeeds>;
}

export interface TestNeeds {
  /** Some test block needs the overlay on the device (`definitions`, docker). */
  readonly overlay: boolean;
  /** Some plain `definitions` block: deployment data of the `os` apply. */
  readonly deploymentData: boolean;
  /** Some block types commands into a shell on the device. */
  readonly shell: boolean;
}
