import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '@lava/link';
import { FakeServer, programFile, project, waitUntil } from '@lava/testbed';

// Log records a second from the worker's journal over the encrypted link to a server's disk (write and fdatasync before
// each acknowledgement), and the time from a record in the journal to the server's disk. The server is the testbed's:
// what PostgreSQL and the web cost on top is measured by the whole system's bench.

const records = 300_000;
const goal = 30_000;

export async function run(): Promise<{ name: string; value: number; unit: string; goal?: string }[]> {
  const root = mkdtempSync(join(tmpdir(), 'lava-bench-link-'));
  const [admitted, own] = [join(root, 'server'), join(root, 'etc/lava-dispatcher/certificates.d')];
  await createCertificate(admitted, 'master');
  const { publicFile } = await createCertificate(own, 'w1');
  copyFileSync(publicFile, join(admitted, 'w1.key'));
  copyFileSync(join(admitted, 'master.key'), join(own, 'master.key'));
  const server = await FakeServer.open({ folder: join(root, 'stored'), encryption: { certificate: join(admitted, 'master.key_secret'), directory: admitted } });
  const worker = spawn(process.execPath, [
    programFile({ package: 'worker', name: 'lava-worker' }), '--root', root, '--hostname', 'w1', '--lava-run', join(project, 'packages/testbed/assets/fake-run/lava-run.mjs'),
    '--master', server.endpoint.addresses.control, '--socket-addr', server.endpoint.addresses.log,
  ], { stdio: 'ignore' });
  try {
    await waitUntil('the worker', () => server.connected('w1'));
    // Written in large pieces: the link is measured, not the writer.
    const full = { job: 1, fence: 1 };
    const prefix = 'a line of a console about as long as those of a kernel that boots:';
    server.start('w1', full, { 'job.yaml': JSON.stringify({ lines: records, batch: 5000, text: prefix }) });
    await waitUntil('first records', () => server.count(full) > 0);
    const [started, before] = [performance.now(), server.count(full)];
    await waitUntil('all records', () => server.count(full) > records, 120);
    const seconds = (performance.now() - started) / 1000;

    const slow = { job: 2, fence: 1 };
    server.start('w1', slow, { 'job.yaml': JSON.stringify({ lines: 200, pause: 20 }) });
    await waitUntil('the end', () => server.end(slow));
    const delays = server.delays(slow).toSorted((a, b) => a - b);
    return [
      { name: 'journal → worker → link → server disk', value: Math.round((records - before) / seconds), unit: 'records/s', goal: `≥ ${goal}` },
      { name: 'one record to the server disk, median', value: Math.round((delays[Math.floor(delays.length / 2)] ?? 0) * 10) / 10, unit: 'ms' },
    ];
  } finally {
    const gone = new Promise((resolve) => { worker.once('exit', resolve); });
    worker.kill('SIGTERM');
    await gone;
    await server.close();
    rmSync(root, { recursive: true, force: true });
  }
}
