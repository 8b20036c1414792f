import type { ActionRow, AuditEntry, CaseRow, Device, GroupJob, Job, JobRow, LogRecord, Notification, SuiteRow, WorkerRow } from '../src/api/types.ts';

/** A made-up lab for looking at pages: jobs in every state, logs of every kind. */
export interface LabJob { job: Job; log: LogRecord[]; actions: ActionRow[]; suites: SuiteRow[]; definition: string; device: string }

const iso = (at: number) => new Date(at).toISOString().replace('Z', '000+00:00');
const minute = 60_000;

export const definition = `# Boots the kernel and runs the smoke tests.
job_name: linux-mainline boot and smoke
device_type: qemu
priority: medium
visibility: public
timeouts:
  job:
    minutes: 15
actions:
- deploy:
    to: tmpfs
    images:
      kernel:
        url: https://images.example.com/mainline/vmlinuz
        image_arg: -kernel {kernel} -append "console=ttyS0 root=/dev/vda"
- boot:
    method: qemu
    media: tmpfs
    prompts: ['root@debian:~#']
    auto_login:
      login_prompt: 'login:'
      username: root
- test:
    definitions:
    - from: git
      repository: https://git.example.com/test-definitions.git
      path: automated/linux/smoke/smoke.yaml
      name: smoke
`;

const deviceConfiguration = `actions:\n  boot:\n    methods:\n      qemu:\n        parameters:\n          command: qemu-system-x86_64\n          options:\n          - -m 512\n          - -nographic\n`;

/** Writes a log and what it means, record by record, as a dispatcher would. */
export class Script {
  readonly log: LogRecord[] = [];
  readonly actions: ActionRow[] = [];
  readonly suites: SuiteRow[] = [];
  #at: number;
  #ids: { next: number };
  constructor(start: number, ids: { next: number }) { this.#at = start; this.#ids = ids; }
  get at(): number { return this.#at; }

  wait(seconds: number): this { this.#at += seconds * 1000; return this; }
  line(lvl: string, msg: unknown, more: object = {}): number { this.log.push({ dt: iso(this.#at), lvl, msg, ...more }); this.#at += 3; return this.log.length - 1; }
  begin(level: string, name: string, timeout: number, usual: number | null = null): ActionRow {
    const start_line = this.line(level.includes('.') ? 'debug' : 'info', `start: ${level} ${name} (timeout ${new Date(timeout * 1000).toISOString().slice(11, 19)}) [common]`);
    const action: ActionRow = { level, name, namespace: 'common', timeout, start_line, end_line: null, started_at: iso(this.#at), ended_at: null, failed: false, usual_seconds: usual };
    this.actions.push(action);
    return action;
  }
  end(action: ActionRow, failed = false): this {
    const took = (this.#at - Date.parse(action.started_at)) / 1000;
    action.end_line = this.line(action.level.includes('.') ? 'debug' : 'info', `end: ${action.level} ${action.name} (duration ${new Date(took * 1000).toISOString().slice(11, 19)}) [common]`);
    action.ended_at = iso(this.#at);
    action.failed = failed;
    return this;
  }
  case(suite: string, name: string, result: CaseRow['result'], more: Partial<CaseRow> = {}): this {
    let found = this.suites.find((s) => s.name === suite);
    if (found === undefined) this.suites.push(found = { id: this.suites.length + 1, name: suite, cases: [] });
    const log_line = this.line('results', { definition: suite, case: name, result, ...(more.measurement && { measurement: Number(more.measurement), units: more.units }), ...(more.set && { set: more.set }) });
    found.cases.push({ id: this.#ids.next++, name, result, measurement: null, units: '', set: null, start_log_line: null, end_log_line: null, log_line, logged: iso(this.#at), metadata: {}, ...more });
    return this;
  }

  /** Deploy and boot; stops in the middle of the boot when it is to fail. */
  boot(fail = false): this {
    this.line('info', 'lava-dispatcher, installed at version: 2026.11.0');
    const v = this.begin('0', 'validate', 300); this.wait(0.4).end(v).case('lava', 'validate', 'pass');
    const d = this.begin('1', 'tmpfs-deploy', 600, 9);
    const dl = this.begin('1.1', 'download-retry', 600); const http = this.begin('1.1.1', 'http-download', 600, 6);
    this.line('info', 'downloading https://images.example.com/mainline/vmlinuz');
    for (let p = 0; p <= 100; p += 20) { this.wait(1.1).line('debug', `progress ${String(p).padStart(3)}% (${(p * 0.142).toFixed(1)} MB)`); }
    this.line('debug', '14.2 MB downloaded in 6.62s (2.14 MB/s)').toString();
    this.end(http).case('lava', 'http-download', 'pass', { measurement: '6.6200000000', units: 'seconds' }).end(dl);
    const ov = this.begin('1.2', 'lava-overlay', 300); const tov = this.begin('1.2.1', 'test-definition', 300);
    this.wait(0.9).line('debug', 'Fetching tests from https://git.example.com/test-definitions.git').toString();
    this.end(tov).end(ov).end(d);
    const b = this.begin('2', 'boot-image-retry', 300, 14); const q = this.begin('2.1', 'boot-qemu-image', 300); const ex = this.begin('2.1.1', 'execute-qemu', 300);
    this.line('info', 'Boot command: /usr/bin/qemu-system-x86_64 -nographic -m 512 -kernel /tmp/lava/12/vmlinuz');
    this.wait(0.2).line('debug', 'started a shell command');
    this.end(ex); const al = this.begin('2.2', 'auto-login-action', 300, 12);
    this.line('debug', "Using message: 'Linux version [0-9]'");
    for (let i = 0; i < 90; i++) { this.wait(0.05 + (i % 7) * 0.02).line('target', `[    ${(i * 0.061).toFixed(6)}] ${kernel[i % kernel.length]}`); }
    if (fail) {
      this.wait(20).line('target', '[   21.310042] ------------[ cut here ]------------').toString();
      for (const t of ['[   21.310055] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', '[   21.310061] CPU: 0 UID: 0 PID: 1 Comm: swapper/0 Not tainted 6.12.0 #1', '[   21.310070] Call Trace:', '[   21.310074]  <TASK>', '[   21.310080]  panic+0x31b/0x3a0', '[   21.310099] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---']) this.line('target', t);
      this.line('exception', 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)');
      this.end(al, true).case('lava', 'auto-login-action', 'fail', { measurement: '27.4000000000', units: 'seconds' });
      this.line('error', 'auto-login-action failed: 1 of 1 attempts. \'Kernel panic - not syncing\'');
      this.end(q, true).end(b, true);
      this.line('info', 'Cleaning after the job');
      const off = this.begin('2.1', 'power-off', 30); this.wait(0.3).end(off);
      this.line('error', 'JobError: Your job cannot terminate cleanly.');
      return this.case('lava', 'job', 'fail', { metadata: { error_type: 'Job', error_msg: 'Kernel panic - not syncing: VFS: Unable to mount root fs' } });
    }
    for (const t of ['[[0;32m  OK  [0m] Reached target [0;1;39mMulti-User System[0m.', '', 'Debian GNU/Linux 12 debian ttyS0', '', 'debian login: ']) this.wait(0.2).line('target', t);
    this.line('input', 'root').toString();
    this.wait(0.4).line('target', '[?2004hroot@debian:~# ');
    this.line('warning', 'login-action: kernel \'warning\'');
    return this.end(al).case('lava', 'login-action', 'pass', { measurement: '12.8100000000', units: 'seconds' }).end(q).end(b);
  }

  test(lines: number, finish: boolean): this {
    const t = this.begin('3', 'lava-test-retry', 600, 40); const s = this.begin('3.1', 'lava-test-shell', 600);
    this.line('input', '/lava-12/bin/lava-test-runner /lava-12/0').toString();
    const names = ['uname', 'cpu-count', 'memory', 'disk-read', 'disk-write', 'network-up', 'dns', 'unicode-名前', 'clock-drift', 'systemd-failed-units'];
    for (const [i, name] of names.entries()) {
      const start = this.line('debug', `Received signal: <STARTTC> ${name}`);
      for (let l = 0; l < lines / names.length; l++) this.wait(0.004).line('target', l % 23 === 0 ? `\u001b[1;3${1 + (l % 6)}mstep ${l}\u001b[0m of ${name}: value=${(l * 7919) % 1000} \u001b[38;5;${(l * 13) % 256}mpalette\u001b[0m` : `${name}: sample ${l} = ${(l * 104729) % 99991} ${'.'.repeat(l % 40)}`);
      const end = this.line('debug', `Received signal: <ENDTC> ${name}`);
      const result = name === 'dns' ? 'fail' : name === 'clock-drift' ? 'skip' : 'pass';
      this.case('0_smoke', name, result, {
        start_log_line: start, end_log_line: end, ...(i >= 3 && i <= 4 && { measurement: i === 3 ? '412.5000000000' : '288.1200000000', units: 'MB/s', set: 'disk' }), ...(i === 2 && { measurement: '487.0000000000', units: 'MB' }),
        ...(name === 'dns' && { metadata: { definition: '0_smoke', case: name, result, reference: 'https://bugs.example.com/1234', comment: 'resolver timed out after 5 s' } }),
      });
    }
    if (!finish) return this;
    this.case('lava', '0_smoke', 'pass').end(s).end(t);
    const f = this.begin('4', 'finalize', 30, 1); const off = this.begin('4.1', 'power-off', 30); this.wait(0.5).end(off).end(f);
    this.line('info', 'Cleaning after the job');
    this.line('info', 'Job finished correctly');
    return this.case('lava', 'job', 'pass');
  }
}

const kernel = [
  'Linux version 6.12.0 (build@example) (gcc 13.2.0) #1 SMP PREEMPT_DYNAMIC', 'Command line: console=ttyS0 root=/dev/vda', 'BIOS-provided physical RAM map:', 'BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable',
  'NX (Execute Disable) protection: active', 'SMBIOS 2.8 present.', 'tsc: Fast TSC calibration using PIT', 'x86/PAT: Configuration [0-7]: WB  WC  UC- UC  WB  WP  UC- WT', 'Memory: 483212K/523768K available (18432K kernel code, 3276K rwdata)',
  'rcu: Hierarchical RCU implementation.', 'Console: colour VGA+ 80x25', 'printk: legacy console [ttyS0] enabled', 'pci 0000:00:01.1: [8086:7010] type 00 class 0x010180 conventional PCI endpoint', 'virtio_blk virtio0: [vda] 262144 512-byte logical blocks (134 MB/128 MiB)',
];

const base = { sub_id: null, role: null, group: [], attempts: [], retry: null, tags: [], failure_comment: null, failure_tags: [], can_annotate: true, error_code: null, visibility: 'public', can_cancel: true, can_resubmit: true, timeout: 900, waiting: null, priority: 50, health_check: false };

export function row(job: Job): JobRow {
  const { id, sub_id, description, submitter, device_type, device, worker, state, health, priority, health_check, submit_time, start_time, end_time, passed, failed, skipped, unknown, error_type, error_code, error_msg } = job;
  return { id, sub_id, description, submitter, device_type, device, worker, state, health, priority, health_check, submit_time, start_time, end_time, passed, failed, skipped, unknown, error_type, error_code, error_msg };
}

export function count(entry: LabJob): void {
  const cases = entry.suites.filter((s) => s.name !== 'lava').flatMap((s) => s.cases);
  const n = (r: string) => cases.filter((c) => c.result === r).length;
  Object.assign(entry.job, { passed: n('pass'), failed: n('fail'), skipped: n('skip'), unknown: n('unknown'), log_lines: entry.log.length });
}

const waitFor = (reason: string, position: number): NonNullable<Job['waiting']> => ({
  reason, position, estimate: { soonest: 240 * position, likely: 410 * position, latest: 900 * position },
  devices: [{ hostname: 'rpi4-01', worker: 'worker02', does: 'running job 36', job: 36 }, { hostname: 'rpi4-02', worker: 'worker02', does: 'running job 37', job: 37 }, { hostname: 'rpi4-03', worker: 'worker02', does: 'out of service (health Bad)', job: null }],
});

const check = (hostname: string): Device['health_check'] => ({
  name: hostname.replace(/-?\d+$/u, ''), defined: true, file: '/etc/lava-server/dispatcher-config/health-checks/rpi4.yaml', enabled: true, every: 24, unit: 'hours', due: false,
  last: { job: 39, submitted: iso(Date.now() - 5 * 3600_000), state: 'Finished', health: 'Incomplete' }, next: hostname === 'rpi4-03' ? null : iso(Date.now() + 19 * 3600_000), jobs_left: null,
});

/** A job that failed on one device and ran again on another. */
const twice = (now: number): Job['attempts'] => {
  const attempt = { worker: 'worker01', started_at: iso(now - 70 * minute), ended_at: iso(now - 62 * minute) };
  return [
    { ...attempt, number: 1, device: 'qemu01', start_line: 0, error_type: 'Infrastructure', error_code: 'lease-expired', error_msg: 'Worker worker01 was silent for more than 90 seconds: the job is given up' },
    { ...attempt, number: 2, device: 'qemu02', start_line: 4, error_type: 'Job', error_code: 'kernel-panic', error_msg: 'Kernel panic' },
  ];
};

/** The lab at this moment. */
export function makeLab(now: number, empty = false) {
  const jobs = new Map<number, LabJob>();
  const ids = { next: 1 };
  const make = (id: number, more: Partial<Job>, script?: Script): LabJob => {
    const job: Job = {
      ...base, id, description: 'linux-mainline boot and smoke', submitter: 'ann', device_type: 'qemu', device: null, worker: null, state: 'Submitted', health: 'Unknown', submit_time: iso(now - 3 * minute), start_time: null, end_time: null,
      passed: 0, failed: 0, skipped: 0, unknown: 0, error_type: null, error_msg: null, metadata: { branch: 'mainline', 'git-describe': 'v6.12-rc3-118-gabc1234', build: '4711' }, log_lines: 0, ...more,
    };
    const entry: LabJob = { job, log: script?.log ?? [], actions: script?.actions ?? [], suites: script?.suites ?? [], definition, device: job.device === null ? '' : deviceConfiguration };
    count(entry);
    jobs.set(id, entry);
    return entry;
  };
  const done = (id: number, start: number, more: Partial<Job>, script: Script) => make(id, { state: 'Finished', health: 'Complete', device: 'qemu01', worker: 'worker01', submit_time: iso(start - 5000), start_time: iso(start), end_time: iso(script.at), ...more }, script);
  if (!empty) {
    for (let id = 1; id < 40; id++) {
      const start = now - (60 - id) * 20 * minute;
      done(id, start, { description: ['kselftest: timers', 'boot-test next-20261120', 'LTP syscalls', 'health check'][id % 4] ?? '', submitter: ['ann', 'ben', 'ci-kernel', 'lava-health'][id % 4] ?? '', health_check: id % 4 === 3, ...(id % 9 === 0 && { health: 'Canceled' }) }, new Script(start, ids).boot().test(40, true));
    }
    done(40, now - 95 * minute, {}, new Script(now - 95 * minute, ids).boot().test(400, true));
    done(41, now - 60 * minute, { health: 'Incomplete', error_type: 'Job', error_code: 'kernel-panic', error_msg: 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', device: 'qemu02', attempts: twice(now), retry: { retried: 1, most: 1, not_before: null } }, new Script(now - 60 * minute, ids).boot(true));
    done(42, now - 40 * minute, { description: 'stress: a hundred thousand lines', submitter: 'ci-kernel' }, new Script(now - 40 * minute, ids).boot().test(100_000, true));
    make(43, { state: 'Running', device: 'qemu01', worker: 'worker01', submit_time: iso(now - 62_000), start_time: iso(now - 60_000) }, new Script(now - 60_000, ids).boot().test(60, false));
    make(44, { state: 'Scheduled', description: 'android: CTS presubmit', device_type: 'pixel-6', device: 'pixel-6-03', worker: 'worker02', submitter: 'ben' });
    make(45, { description: 'next-20261121 arm64 defconfig', device_type: 'rpi4', submitter: 'ci-kernel', waiting: waitFor('Of 3 devices that could run it: 2 busy; 1 Bad.', 1) });
    make(46, { description: 'next-20261121 arm64 allmodconfig', device_type: 'rpi4', submitter: 'ci-kernel', waiting: waitFor('Of 3 devices that could run it: 2 busy; 1 Bad.', 2) });
    // A multinode group: one runs, one waits for nothing any more, one shares a device.
    const group: GroupJob[] = [
      { id: 36, sub_id: '36.0', role: 'server', state: 'Running', health: 'Unknown', device: 'rpi4-01', device_type: 'rpi4', essential: true, host_role: null },
      { id: 37, sub_id: '36.1', role: 'client', state: 'Running', health: 'Unknown', device: 'rpi4-02', device_type: 'rpi4', essential: false, host_role: null },
      { id: 38, sub_id: '36.2', role: 'guest', state: 'Submitted', health: 'Unknown', device: null, device_type: null, essential: false, host_role: 'server' },
    ];
    for (const { id, sub_id, role, state, device, device_type } of group) make(id, { description: 'iperf between two boards', sub_id, role, state, device, worker: 'worker02', device_type, group, start_time: device === null ? null : iso(now - 3 * minute) }, new Script(now - 3 * minute, ids).boot());
  }
  const device = (hostname: string, device_type: string, worker: string | null, more: Partial<Device> = {}): Device => ({ hostname, device_type, worker, state: 'Idle', health: 'Good', description: '', tags: [], job: null, job_description: null, last_job: 40, dictionary: "{% extends 'qemu.jinja2' %}\n", can_change: true, health_check: check(hostname), ...more });
  const devices = empty ? [] : [
    device('qemu01', 'qemu', 'worker01', { state: 'Running', job: 43, job_description: 'linux-mainline boot and smoke', description: 'KVM guest on the build host', tags: ['virtio', 'ssd'] }), device('qemu02', 'qemu', 'worker01'), device('qemu03', 'qemu', 'worker01', { health: 'Unknown', last_job: null }),
    device('rpi4-01', 'rpi4', 'worker02', { state: 'Running', job: 36, job_description: 'iperf between two boards' }), device('rpi4-02', 'rpi4', 'worker02', { state: 'Running', job: 37, job_description: 'iperf between two boards' }), device('rpi4-03', 'rpi4', 'worker02', { health: 'Bad', description: 'shelf 2, port 7', tags: ['hdmi'] }),
    device('pixel-6-03', 'pixel-6', 'worker02', { state: 'Reserved', job: 44, job_description: 'android: CTS presubmit' }), device('pixel-6-04', 'pixel-6', 'worker03', { health: 'Maintenance' }), device('x15-01', 'beaglebone-x15', null, { health: 'Retired' }),
  ];
  const worker = (hostname: string, more: Partial<WorkerRow> = {}): WorkerRow => ({ hostname, state: 'Online', health: 'Active', display: true, description: '', version: '2026.11.0', last_ping: iso(now - 4000), job_limit: 0, devices: devices.filter((d) => d.worker === hostname).length, busy: devices.filter((d) => d.worker === hostname && d.job !== null).length, capabilities: ['qemu', 'debugfs', 'tftp'], status: null, ...more });
  const nearlyFull: WorkerRow['status'] = {
    at: iso(now - 20_000), disk: { free: 3 * 2 ** 30, total: 220 * 2 ** 30 }, cache: { free: 3 * 2 ** 30, total: 220 * 2 ** 30, hits: 61, misses: 14 }, load: 0.41, running: 2, clock_ahead: 12,
    warnings: [{ code: 'worker-disk', message: 'Only 3.0 GiB of 220.0 GiB are free on the disk of its jobs', hint: 'Jobs fail when it is full. On that machine make room below /var/lib/lava/dispatcher.' }],
  };
  const workers = empty ? [] : [worker('worker01', { description: 'build host, rack 3' }), worker('worker02', { job_limit: 8, status: nearlyFull }), worker('worker03', { state: 'Offline', last_ping: iso(now - 3 * 3600_000) })];
  const audit: AuditEntry[] = empty ? [] : [
    { at: iso(now - 2 * 3600_000), actor: 'lava-health', kind: 'device', object: 'rpi4-03', message: 'Health: Good → Bad (health check 37 was Incomplete)' },
    { at: iso(now - 26 * 3600_000), actor: 'ann', kind: 'device', object: 'rpi4-03', message: 'Health: Maintenance → Good (new SD card)' },
    { at: iso(now - 3 * 3600_000), actor: 'lava-server', kind: 'worker', object: 'worker03', message: 'Worker went offline (silent for 90 s)' },
    { at: iso(now - 58 * minute), actor: 'lava-server', kind: 'job', object: '41', message: 'Finished: Incomplete' }, { at: iso(now - 60 * minute), actor: 'ann', kind: 'job', object: '41', message: 'Submitted' },
  ];
  const told = (id: string, more: Partial<Notification>): Notification => ({ id, method: 'email', recipient: 'ann@example.org', status: 'sent', tries: 1, error: null, created_at: iso(now - 58 * minute), next_at: null, ended_at: iso(now - 57 * minute), ...more });
  const notifications = new Map<number, Notification[]>([[41, [
    told('1', {}), told('2', { method: 'callback', recipient: 'https://ci.example.org/lava?…', status: 'failed', tries: 12, error: 'The receiver answered with status 503.' }),
    told('3', { method: 'irc', recipient: 'ann@irc.example.org', status: 'waiting', tries: 2, error: 'Nobody listens at irc.example.org:6667.', next_at: iso(now + minute), ended_at: null }),
  ]]]);
  return { jobs, devices, workers, audit, notifications, ids };
}
export type Lab = ReturnType<typeof makeLab>;
