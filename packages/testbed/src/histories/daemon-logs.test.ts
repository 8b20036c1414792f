import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DaemonLogs } from './daemon-logs.ts';

test('each line is looked at once, when it is complete', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'daemon-logs-'));
  try {
    const path = join(folder, 'server.log');
    const logs = new DaemonLogs();
    const look = () => logs.freshLinesWith('word', [path]);
    await appendFile(path, 'Grüße\na word\nanother wo');
    expect(await look()).toEqual([`${path}: a word`]);
    expect(await look()).toEqual([]);
    await appendFile(path, 'rd\nnothing\n');
    expect(await look()).toEqual([`${path}: another word`]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
