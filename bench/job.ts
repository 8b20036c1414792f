import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { sleep } from '@lava/base';
import { waitUntil, type GuestImage, type LavaSystem } from '@lava/testbed';
import { guest, ramdiskJob } from '../tests/support/jobs.ts';
import { log, startSystem, stopSystem, submit } from '../tests/support/system.ts';

// From submission to the first action on an idle device; wall time of a job over a bare QEMU boot that runs the same
// commands; memory of server and worker at rest.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

const commands = ['uname -a', 'cat /proc/meminfo', 'ls -l /'];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Seconds of a boot of the guest that runs the commands and powers off, with QEMU's arguments as the device type has them. */
async function bareBoot(image: GuestImage): Promise<number> {
  const started = performance.now();
  const quick = commands.join(';').replaceAll(' ', '%20');
  const qemu = spawn('qemu-system-x86_64', [
    '-m', '256', '-nographic', '-net', 'nic,model=virtio', '-net', 'user', '-no-reboot',
    '-kernel', image.kernel, '-initrd', image.ramdisk, '-append', `console=ttyS0,115200 quick=${quick}`,
  ], { stdio: ['ignore', 'ignore', 'ignore'] });
  await new Promise((resolve) => qemu.once('exit', resolve));
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
    const ratios: number[] = [];
    const extras: number[] = [];
    for (let round = 0; round < 5; round++) {
      const bare = await bareBoot(image);
      const { latency, wall } = await wholeJob(system, image);
      latencies.push(latency);
      ratios.push(wall / bare);
      extras.push(wall - bare);
    }
    return [
      { name: 'submit to first action, idle device (p50 of 5)', value: median(latencies).toFixed(0), unit: 'ms', goal: '≤ 200' },
      { name: 'job wall time over bare QEMU boot (p50 of 5)', value: median(ratios).toFixed(2), unit: '×', goal: '≤ 1.25' },
      { name: 'what a job adds to a bare boot (p50 of 5)', value: median(extras).toFixed(2), unit: 's' },
      { name: 'server at rest', value: atRest.server.toFixed(0), unit: 'MiB resident' },
      { name: 'worker at rest', value: atRest.worker.toFixed(0), unit: 'MiB resident' },
    ];
  } finally {
    await stopSystem(system);
  }
}
