import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { sleep } from '@lava/base';
import { waitUntil, type GuestImage, type LavaSystem } from '@lava/testbed';
import { guest, ramdiskJob } from '../tests/support/jobs.ts';
import { log, startSystem, stopSystem, submit } from '../tests/support/system.ts';

// From submission to the first action on an idle device; wall time of a job over a QEMU boot without LAVA that runs the
// same commands, typed at the same console as the job does and, for comparison, from the kernel's command line;
// memory of server and worker at rest.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

/**
 * Milliseconds of rest before each boot: a virtual machine that reports free memory to its host (page_reporting in Linux, every
 * 2 s) gives away what the boot before has freed, and touching it again costs a boot up to 0.4 s. All are measured after that.
 */
const rest = 4000;

const commands = ['uname -a', 'cat /proc/meminfo', 'ls -l /'];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** QEMU's arguments as the device type has them. */
const qemuArguments = (image: GuestImage, append: string) => [
  '-m', '256', '-nographic', '-net', 'nic,model=virtio', '-net', 'user', '-no-reboot',
  '-kernel', image.kernel, '-initrd', image.ramdisk, '-append', `console=ttyS0,115200 ${append}`,
];

/** Seconds of a boot whose first process runs the commands and powers off: nobody logs in, nothing is typed. */
async function untouchedBoot(image: GuestImage): Promise<number> {
  const started = performance.now();
  const qemu = spawn('qemu-system-x86_64', qemuArguments(image, `quick=${commands.join(';').replaceAll(' ', '%20')}`), { stdio: 'ignore' });
  await once(qemu, 'exit');
  return (performance.now() - started) / 1000;
}

/** Seconds of a boot that is used by hand: log in at the console, type the commands one after the other, power off. */
async function bootByHand(image: GuestImage): Promise<number> {
  const started = performance.now();
  const qemu = spawn('qemu-system-x86_64', qemuArguments(image, ''), { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(qemu, 'exit');
  const words = [['guest login:', 'root'], ...[...commands, 'poweroff'].map((command) => ['root@guest:', command])] as [string, string][];
  let shown = '';
  qemu.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString('latin1');
    const [next] = words;
    const at = next === undefined ? -1 : shown.indexOf(next[0]);
    if (at < 0) return;
    shown = shown.slice(at + next![0].length);
    qemu.stdin.write(`${next![1]}\n`);
    words.shift();
  });
  await exited;
  return (performance.now() - started) / 1000;
}

/** From the moment the request was sent to the stored end, in milliseconds and seconds; all clocks are this machine's. */
async function wholeJob(system: LavaSystem, image: GuestImage): Promise<{ latency: number; wall: number }> {
  const submitted = Date.now();
  const id = await submit(system, ramdiskJob(image, commands));
  // Asked seldom: questions to the server cost time on a small machine.
  let end: { state: string; health: string; end_time: string; error_msg: string | null };
  do {
    await sleep(500);
    end = await system.api(`/api/v1/jobs/${id}`);
  } while (end.state !== 'Finished');
  if (end.health !== 'Complete') throw new Error(`bench job failed: ${end.error_msg}`);
  const first = (await log(system, id)).find((r) => typeof r.msg === 'string' && r.msg.startsWith('start: 1 '));
  return { latency: Date.parse(first!.dt) - submitted, wall: (Date.parse(end.end_time) - submitted) / 1000 };
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

export async function run(): Promise<Row[]> {
  const image = await guest();
  const system = await startSystem();
  try {
    const worker = system.startWorker('w1');
    await waitUntil('the worker', async () => (await system.api<{ state: string }>('/api/v1/workers/w1')).state === 'Online');
    await system.api('/api/v1/devices/qemu01/health', { health: 'Good', reason: 'bench' });
    const atRest = { server: await residentMiB(system.server!.pid), worker: await residentMiB(worker.pid) };

    const latencies: number[] = [];
    const overByHand: number[] = [];
    const overUntouched: number[] = [];
    const extras: number[] = [];
    for (let round = 0; round < 5; round++) {
      await sleep(rest);
      const byHand = await bootByHand(image);
      await sleep(rest);
      const untouched = await untouchedBoot(image);
      await sleep(rest);
      const { latency, wall } = await wholeJob(system, image);
      latencies.push(latency);
      overByHand.push(wall / byHand);
      overUntouched.push(wall / untouched);
      extras.push(wall - byHand);
    }
    return [
      { name: 'submit to first action, idle device (p50 of 5)', value: median(latencies).toFixed(0), unit: 'ms', goal: '≤ 200' },
      { name: 'job over a boot with the same console work (p50 of 5)', value: median(overByHand).toFixed(2), unit: '×', goal: '≤ 1.25' },
      { name: 'job over a boot that nobody logs in to (p50 of 5)', value: median(overUntouched).toFixed(2), unit: '×' },
      { name: 'what a job adds to the work by hand (p50 of 5)', value: median(extras).toFixed(2), unit: 's' },
      { name: 'server at rest', value: atRest.server.toFixed(0), unit: 'MiB resident' },
      { name: 'worker at rest', value: atRest.worker.toFixed(0), unit: 'MiB resident' },
    ];
  } finally {
    await stopSystem(system);
  }
}
