#!/usr/bin/env node
// `npm run faults -- --histories N --seed S`: plays histories of faults on real systems and says what broke a rule.
// With `--labs N` so many systems side by side; with `--keep FOLDER` broken histories are written there as JSON.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { playHistories } from '../histories/play-histories.ts';

const { values } = parseArgs({
  options: { histories: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' }, labs: { type: 'string', default: '2' }, keep: { type: 'string' }, only: { type: 'string' } },
});
const { keep } = values;
const summary = await playHistories({
  seed: Number(values.seed), histories: Number(values.histories), labs: Number(values.labs), say: (line) => process.stdout.write(`${line}\n`),
  ...(values.only !== undefined && { only: values.only.split(',') }),
  async broken(history, violations) {
    if (keep === undefined) return;
    await mkdir(keep, { recursive: true });
    await writeFile(join(keep, `history-${history.seed}.json`), JSON.stringify({ violations, history }, null, 1));
  },
});
process.exit(summary.violations.length === 0 ? 0 : 1);
