import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lavaPaths, sleep } from '@lava/base';
import { project, waitUntil } from '@lava/testbed';
import { ramdiskJob } from '../tests/support/jobs.ts';
import { finished, job, startSystem, stopSystem, submit } from '../tests/support/system.ts';

// Log records a second from the worker's journal over the encrypted link into the real server's log on disk, its
// results derived on the way. The journal is written in large pieces: the way is measured, not the writer.

const records = 300_000;

interface Row { readonly name: string; readonly value: number; readonly unit: string; readonly goal: string }

export async function run(): Promise<Row[]> {
  const system = await startSystem();
  try {
    system.startWorker('w1', { args: ['--lava-run', join(project, 'packages/testbed/assets/fake-run/lava-run.mjs')] });
    await waitUntil('the worker', async () => (await system.api<{ state: string }>('/api/v1/workers/w1')).state === 'Online');
    await system.api('/api/v1/devices/qemu01/health', { health: 'Good', reason: 'bench' });
    const definition = JSON.parse(ramdiskJob({ folder: '', kernel: '/none', ramdisk: '/none', rootfs: '/none', archive: '/none' }, ['true'])) as object;
    const plan = { lines: records, batch: 5000, text: 'a line of a console about as long as those of a kernel that boots:' };
    const id = await submit(system, JSON.stringify({ ...definition, metadata: plan }));

    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
    const file = join(lavaPaths(system.root).serverState, 'default/media/job-output', day, String(id), 'output.yaml');
    const size = () => stat(file).then((s) => s.size, () => 0);
    const first = await waitUntil('the first records', async () => (await size()) || undefined);
    const began = performance.now();
    // The file grows until the job has ended; asked in between only of the file system, which costs the server nothing.
    let last = { size: first, at: began };
    for (let quiet = 0; quiet < 100; quiet++) {
      await sleep(20);
      const now = await size();
      if (now !== last.size) { last = { size: now, at: performance.now() }; quiet = 0; }
    }
    const { health } = await finished(system, id);
    const { log_lines: stored } = await job(system, id);
    if (health !== 'Complete' || stored < records) throw new Error(`bench job: ${health}, ${stored} records stored`);
    const share = (last.size - first) / last.size;
    return [{ name: 'journal → worker → link → real server → disk', value: Math.round((stored * share) / ((last.at - began) / 1000)), unit: 'records/s', goal: '≥ 30000' }];
  } finally {
    await stopSystem(system);
  }
}
