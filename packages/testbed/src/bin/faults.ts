#!/usr/bin/env node
// `npm run faults -- --histories N --seed S`: plays histories of faults on real systems and says what broke a rule.
// With `--labs N` so many systems side by side; with `--keep FOLDER` broken histories and the logs of their systems are
// kept there; `--only KIND,KIND` chooses between these kinds of faults only; `--servers 2` plays all on two servers.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FaultLab } from '../histories/fault-lab.ts';
import { playHistories } from '../histories/play-histories.ts';

const { values } = parseArgs({
  options: { histories: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' }, labs: { type: 'string', default: '2' }, servers: { type: 'string' }, keep: { type: 'string' }, only: { type: 'string' } },
});
const { keep } = values;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void FaultLab.closeAll().finally(() => process.exit(1)));
const summary = await playHistories({
  seed: Number(values.seed), histories: Number(values.histories), labs: Number(values.labs), say: (line) => process.stdout.write(`${line}\n`),
  ...(values.only !== undefined && { only: values.only.split(',') }),
  ...(values.servers !== undefined && { servers: values.servers === '2' ? 2 : 1 }),
  async broken(history, violations, lab) {
    if (keep === undefined) return;
    const folder = join(keep, String(history.seed));
    await lab.keepLogs(folder);
    await writeFile(join(folder, 'history.json'), JSON.stringify({ violations, history }, null, 1));
  },
});
process.exit(summary.violations.length === 0 ? 0 : 1);
