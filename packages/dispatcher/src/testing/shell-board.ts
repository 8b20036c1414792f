import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isMapping, type LogRecord } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import type { GroupLine } from '../multinode/group-line.ts';
import { runJob, type JobOutcome } from '../run-job.ts';

/** Shells that helper scripts must run on, as command lines without blanks in their words. */
export const shells = { dash: '/bin/dash', bash: '/bin/bash', busybox: '/bin/busybox ash' } as const;

export interface BoardJob {
  readonly outcome: JobOutcome;
  readonly records: LogRecord[];
  /** Messages of level `results`, as `definition/case=result`. */
  readonly cases: string[];
  readonly results: Readonly<Record<string, unknown>>[];
  texts(level: string): string[];
}

/**
 * A board whose system is a shell on this machine: its ramdisk is a real cpio that it unpacks when it starts, so jobs
 * deploy, boot and test it as any other device, without root and within a second.
 */
export class ShellBoard {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<ShellBoard> {
    const board = new ShellBoard(await mkdtemp(join(tmpdir(), 'lava-board-')));
    await promisify(execFile)('sh', ['-c', 'cpio -o -H newc --quiet < /dev/null > ramdisk.cpio'], { cwd: board.folder });
    return board;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs a job with these test blocks. @param shell interpreter that the board's console runs */
  async run(tests: readonly unknown[], options: { shell?: string; job?: object; device?: object; deploy?: object; signal?: AbortSignal; group?: GroupLine } = {}): Promise<BoardJob> {
    const shell = options.shell ?? shells.dash;
    const root = join(this.folder, 'root');
    await rm(root, { recursive: true, force: true });
    // The overlay's folder has its place below the board's folder; the ramdisk is unpacked at the root of the machine.
    await writeFile(join(this.folder, 'boot.sh'), [
      `echo $$ > ${this.folder}/pid; echo Linux version 0`,
      `cd / && cat ${root}/var/lib/lava/dispatcher/tmp/1/deployimages-*/ramdisk/ramdisk.cpio > ${this.folder}/all.cpio`,
      `dd if=${this.folder}/all.cpio bs=512 skip=1 2>/dev/null | cpio -idmu --quiet 2>/dev/null`,
      `cd ${this.folder} && PS1='board# ' ENV= exec ${shell} ${shell === shells.bash ? '--norc --noediting ' : ''}-i`,
    ].join('\n'));
    const records: LogRecord[] = [];
    const outcome = await runJob({
      id: '1', root, listener: (record) => records.push(record), ...(options.signal && { signal: options.signal }), ...(options.group && { group: options.group }),
      definition: dumpYaml({
        job_name: 'board', timeouts: { job: { minutes: 2 }, action: { minutes: 1 }, connection: { seconds: 20 } },
        context: { lava_test_results_dir: `${this.folder}/lava-%s` },
        actions: [
          { deploy: { to: 'tmpfs', images: { ramdisk: { url: `file://${this.folder}/ramdisk.cpio`, format: 'cpio.newc', overlays: { lava: true } } }, ...options.deploy } },
          { boot: { method: 'minimal', reset: false, prompts: ['board# '] } },
          ...tests.map((test) => ({ test })),
        ],
        ...options.job,
      }),
      device: dumpYaml({
        constants: {
          posix: { lava_test_sh_cmd: shell === shells.busybox ? '/bin/sh' : shell, lava_test_results_dir: '/lava-%s', lava_test_shell_file: '~/.bashrc' },
          'kernel-start-message': 'Linux version [0-9]', 'default-shell-prompt': 'lava-test: # ', failure_retry: 1, boot_retry: null,
        },
        commands: { connect: `sh ${this.folder}/boot.sh` },
        actions: { deploy: { methods: { image: { parameters: { guest: { size: 8 } } } } }, boot: { connections: { serial: null }, methods: { minimal: null } } },
        timeouts: { connections: { 'lava-test-shell': { seconds: 10 } } },
        ...options.device,
      }),
    });
    const results = records.filter((record) => record.lvl === 'results').map((record) => record.msg).filter((msg) => isMapping(msg));
    return {
      outcome, records, results,
      cases: results.map((result) => `${String(result['definition'])}/${String(result['case'])}=${String(result['result'])}`),
      texts: (level) => records.filter((record) => record.lvl === level).map((record) => String(record.msg)),
    };
  }
}

/** An inline definition with these steps. */
export function inline(name: string, steps: readonly string[], more: { file?: object; entry?: object } = {}): object {
  return {
    from: 'inline', name, path: `inline/${name}.yaml`,
    repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name }, run: { steps }, ...more.file }, ...more.entry,
  };
}
