import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assetFolder, daemonLog } from '@lava/base';
import { WorkerEndpoint } from '@lava/link';
import { FakeServer, waitUntil } from '@lava/testbed';
import { expect, test } from 'vitest';
import { Supervisor } from './supervisor.ts';

// The real times are 60 s and 120 s; here they are short.
test.each([
  { finalize: 0, name: 'SIGTERM, SIGTERM again, SIGKILL' },
  { finalize: 4, name: 'both wait for the timeout of finalize' },
])('a run that does not end is pressed: $name', async ({ finalize }) => {
  const folder = mkdtempSync(join(tmpdir(), 'lava-cancel-'));
  const lines: string[] = [];
  const log = daemonLog('DEBUG', (line) => { lines.push(line); });
  const server = await FakeServer.open({ folder: join(folder, 'stored'), encryption: { plain: 'loopback' } });
  const link: WorkerEndpoint = new WorkerEndpoint({
    master: server.endpoint.addresses.control, logger: server.endpoint.addresses.log, hostname: 'w1', encryption: { plain: 'loopback' },
    version: 'test', capabilities: [], daemonLog: log,
    handlers: { attempts: () => supervisor.held(), onSession: () => supervisor.onSession(), onOrder: (o) => supervisor.onOrder(o), onLogReply: (r) => supervisor.onLogReply(r) },
  });
  const supervisor = new Supervisor({
    attempts: join(folder, 'attempts'), link, log, program: join(assetFolder(import.meta.url, 'testbed'), 'assets/fake-run/lava-run.mjs'), root: folder,
    patience: { second: 1, kill: 2 }, finishDeadRun: () => Promise.reject(new Error('the disk is full')),
  });
  await supervisor.open();
  link.open();
  try {
    await waitUntil('the session', () => server.connected('w1'));
    const ref = { job: 1, fence: 1 };
    server.start('w1', ref, { 'job.yaml': JSON.stringify({ lines: 1, hang: true, deaf: true, finalize }) });
    await waitUntil('the run', () => server.count(ref) === 1);
    const { pid } = JSON.parse(readFileSync(join(folder, 'attempts/1-1/process.json'), 'utf8')) as { pid: number };
    const begun = performance.now();
    server.endpoint.send('w1', { type: 'CANCEL', ...ref });
    server.endpoint.send('w1', { type: 'CANCEL', ...ref });
    const end = await waitUntil('the end', () => server.end(ref));
    expect(performance.now() - begun).toBeGreaterThan(1000 * Math.max(2, finalize + 1));
    // The completion failed as well: the server hears that the device may still be powered.
    expect(end).toMatchObject({ result: 'fail', errorType: 'Infrastructure', poweredOff: false, errorMessage: 'lava-run was killed, because the job took too long to cancel' });
    expect(server.records(ref).filter((r) => r.includes('got SIGTERM'))).toHaveLength(2);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(lines.filter((line) => line.includes('after CANCEL')).length).toBe(2);
  } finally {
    await link.close();
    await supervisor.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
