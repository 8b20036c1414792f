import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lavaPaths } from '@lava/base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, guestRamdisk, waitUntil, type LavaSystem } from '@lava/testbed';
import { guest as guestImage, qemuDictionary } from '../support/jobs.ts';
import { finished, log, startSystem, stopSystem } from '../support/system.ts';
import { login } from './support/qemu-board.ts';
import { steps } from './support/run-on.ts';

// A multinode group of three roles on two workers: a host, a guest that is started by it and signs in to it over ssh with
// the key of the group, and a peer on the other worker that hears of it.

let system: LavaSystem | undefined;
beforeAll(async () => {
  system = await startSystem();
  // The ssh port of each virtual machine is a port of this machine.
  for (const [device, worker] of [['qemu01', 'w1'], ['qemu02', 'w2']] as const) {
    const port = await freePort();
    const dictionary = `${qemuDictionary}{% set netdevice = 'user,hostfwd=tcp:127.0.0.1:${port}-:22' %}
{% block body %}{{ super()|replace('      image:\\n', '      ssh: {options: [], host: "", port: ${port}, user: root, identity_file: dynamic_vm_keys/lava}\\n      image:\\n')
  |replace('      minimal:\\n', '      minimal:\\n      ssh:\\n') }}{% endblock %}
`;
    if (worker === 'w2') {
      await system.addWorker(worker);
      await system.addDevice(device, worker, 'qemu', dictionary);
    } else await writeFile(join(lavaPaths(system.root).dispatcherConfig, `devices/${device}.jinja2`), dictionary);
  }
  system.startWorker('w1');
  // A second worker on one machine has a root of its own.
  const root = join(system.root, 'second');
  await cp(lavaPaths(system.root).certificates, lavaPaths(root).certificates, { recursive: true });
  system.startWorker('w2', { root });
  for (const worker of ['w1', 'w2']) await waitUntil(`worker ${worker}`, async () => (await system!.api<{ state: string }>(`/api/v1/workers/${worker}`)).state === 'Online');
  for (const device of ['qemu01', 'qemu02']) await system.api(`/api/v1/devices/${device}/health`, { health: 'Good', reason: 'test' });
});
afterAll(() => stopSystem(system));

async function definition(): Promise<object> {
  const guest = await guestImage();
  const boards = ['host', 'peer'];
  const board = { device_type: 'qemu', context: { arch: 'amd64' }, count: 1 };
  const tests = (role: string, ...lines: string[]) => ({ test: { role: [role], timeout: { minutes: 3 }, definitions: [steps(role, ...lines)] } });
  return {
    job_name: 'host, guest and peer', visibility: 'public', timeouts: { job: { minutes: 5 }, action: { minutes: 3 }, connection: { minutes: 2 } },
    protocols: { 'lava-multinode': { timeout: { minutes: 3 }, roles: {
      host: board, peer: board, guest: { connection: 'ssh', count: 1, host_role: 'host', expect_role: 'host', request: 'lava-start', timeout: { minutes: 3 } },
    } } },
    actions: [
      { deploy: { role: boards, to: 'tmpfs', os: 'oe', authorize: 'ssh', images: {
        kernel: { url: `file://${guest.kernel}`, image_arg: '-kernel {kernel} -append "console=ttyS0,115200 net"' },
        ramdisk: { url: `file://${await guestRamdisk(guest, 'ssh')}`, image_arg: '-initrd {ramdisk}', compression: 'gz', format: 'cpio.newc', overlays: { lava: true } },
      } } },
      { boot: { role: boards, method: 'qemu', media: 'tmpfs', ...login } },
      tests('host', 'mkdir -p /etc/dropbear /var/log', 'dropbear -R -s', 'touch /i-am-the-host', 'lava-send ipv4 ipaddr=127.0.0.1', 'lava-send lava_start', 'lava-sync done',
        // Not before the guest has signed out: a dropbear for each session.
        'while [ "$(pidof dropbear | wc -w)" -gt 1 ]; do sleep 0.2; done'),
      { deploy: { role: ['guest'], to: 'ssh', os: 'oe', protocols: { 'lava-multinode': [{ action: 'prepare-scp-overlay', request: 'lava-wait', messageID: 'ipv4', message: { ipaddr: '$ipaddr' }, timeout: { minutes: 2 } }] } } },
      { boot: { role: ['guest'], method: 'ssh', connection: 'ssh', prompts: ['root@guest:'], parameters: { hostID: 'ipv4', host_key: 'ipaddr' } } },
      tests('guest', 'lava-test-case on-the-host --shell test -e /i-am-the-host', 'lava-send seen from=$(lava-self)', 'lava-sync done'),
      tests('peer', 'lava-wait seen', 'cat /tmp/lava_multi_node_cache.txt', 'lava-test-case not-the-host --shell test ! -e /i-am-the-host', 'lava-sync done'),
    ],
  };
}

test('the guest starts when its host says so, signs in to it, and the peer hears of it', async () => {
  const { job_ids: names } = await system!.api<{ job_ids: string[] }>('/api/v1/jobs', { definition: JSON.stringify(await definition()) });
  const jobs = await Promise.all(names.map((name) => system!.api<{ id: number }>(`/api/v1/jobs/${name}`)));
  for (const { id } of jobs) expect(await finished(system!, id), await failure(id)).toMatchObject({ health: 'Complete', error_msg: null });
  const logs = await Promise.all(jobs.map(({ id }) => log(system!, id)));
  const of = (text: string) => logs.findIndex((records) => records.some((r) => JSON.stringify(r.msg).includes(text)));
  const [host, guest, peer] = [of('lava-multinode-send-lava_start'), of('on-the-host'), of('not-the-host')];
  const results = logs.map((records) => records.flatMap((r) => (r.lvl === 'results' ? [r.msg as Record<string, unknown>] : [])));
  expect(results[guest]).toContainEqual(expect.objectContaining({ case: 'on-the-host', result: 'pass' }));
  expect(host).not.toBe(guest);
  const told = logs[peer]!.filter((r) => r.lvl === 'target').map((r) => String(r.msg));
  expect(told).toContain(`${jobs[guest]!.id}:from=${jobs[guest]!.id}`);
  // The private key is in nobody's log.
  for (const records of logs) expect(JSON.stringify(records)).not.toContain('PRIVATE KEY');
}, 300_000);

/** The end of a job's log, for who looks for what went wrong. */
async function failure(id: number): Promise<string> {
  return (await log(system!, id)).slice(-15).map((r) => JSON.stringify(r.msg)).join('\n');
}
