import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../packages/dispatcher/src/log/journal.ts';

// How many records a second lava-run can write to its journal.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

export async function run(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lava-bench-'));
  const rows: Row[] = [];
  for (const secrets of [[], ['hunter2', 'correct horse']]) {
    const journal = new Journal({ path: join(folder, `logs-${secrets.length}.yaml`) });
    journal.mask(secrets);
    const records = 500_000;
    const started = performance.now();
    for (let i = 0; i < records; i += 1) journal.target(`[    1.234567] some driver: this is what a kernel prints, line ${i}`);
    journal.close();
    const perSecond = records / ((performance.now() - started) / 1000);
    rows.push({ name: `console lines to disk, ${secrets.length} secrets to hide`, value: Math.round(perSecond).toString(), unit: 'records/s', goal: '>= 200000' });
  }
  await rm(folder, { recursive: true });
  return rows;
}
