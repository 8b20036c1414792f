import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { lavaPaths } from '@lava/base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil, type LavaSystem } from '@lava/testbed';
import { groupJob } from './support/group-job.ts';
import { guest, qemuDictionary } from './support/jobs.ts';
import { finished, log, seen, startSystem, stopSystem } from './support/system.ts';

// Three QEMU guests on two workers, as one multinode job: they find one another, send, wait and meet.

let system: LavaSystem | undefined;
beforeAll(async () => {
  system = await startSystem();
  await system.addWorker('w2');
  for (const [device, worker] of [['qemu02', 'w1'], ['qemu03', 'w2']] as const) await system.addDevice(device, worker, 'qemu', qemuDictionary);
  system.startWorker('w1');
  // A second worker on one machine has a root of its own.
  const root = join(system.root, 'second');
  await cp(lavaPaths(system.root).certificates, lavaPaths(root).certificates, { recursive: true });
  system.startWorker('w2', { root });
  for (const worker of ['w1', 'w2']) await waitUntil(`worker ${worker}`, async () => (await system!.api<{ state: string }>(`/api/v1/workers/${worker}`)).state === 'Online');
  for (const device of ['qemu01', 'qemu02', 'qemu03']) await system.api(`/api/v1/devices/${device}/health`, { health: 'Good', reason: 'test' });
});
afterAll(() => stopSystem(system));

test('the members of a group talk to one another, also over a restart of the server', async () => {
  const definition = groupJob(await guest(), {
    server: { steps: ['lava-group', 'lava-send address ip=192.0.2.1', 'echo numbered line 1', 'lava-wait-all ready client', 'sort /tmp/lava_multi_node_cache.txt', 'lava-sync done'] },
    client: { count: 2, steps: ['lava-wait address', 'cat /tmp/lava_multi_node_cache.txt', 'sleep 5', 'lava-send ready from=$(lava-self)', 'lava-sync done'] },
  });
  const { job_ids: subIds } = await system!.api<{ job_ids: string[] }>('/api/v1/jobs', { definition });
  expect(subIds).toEqual(['1.0', '1.1', '1.2']);
  const ids = await Promise.all(subIds.map(async (id) => (await system!.api<{ id: number }>(`/api/v1/jobs/${id}`)).id));
  const [server, ...clients] = ids as [number, number, number];
  // The server's wait is open when nobody is there to hear it.
  await seen(system!, server, 1);
  await system!.server!.end('SIGKILL');
  await system!.startServer();
  for (const id of ids) expect(await finished(system!, id)).toMatchObject({ health: 'Complete', error_msg: null });

  const consoleOf = async (id: number) => (await log(system!, id)).filter((r) => r.lvl === 'target').map((r) => String(r.msg).replaceAll(/\s+/g, ' ').trim());
  const lines = await consoleOf(server);
  expect(lines).toEqual(expect.arrayContaining([`${server} server`, ...clients.flatMap((id) => [`${id} client`, `${id}:from=${id}`])]));
  for (const id of clients) expect(await consoleOf(id)).toContain(`${server}:ip=192.0.2.1`);
  const cases = async (id: number) => (await log(system!, id)).flatMap((r) => (r.lvl === 'results' && typeof r.msg === 'object' ? [(r.msg as { case: string; result: string })] : []))
    .filter((r) => r.case.startsWith('multinode-')).map((r) => `${r.case}=${r.result}`);
  expect(await cases(server)).toEqual(['multinode-send-address=pass', 'multinode-wait_all-ready=pass', 'multinode-sync-done=pass']);
  for (const id of clients) expect(await cases(id)).toEqual(['multinode-wait-address=pass', 'multinode-send-ready=pass', 'multinode-sync-done=pass']);
}, 240_000);
