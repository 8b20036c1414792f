import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { playHistories } from '@lava/testbed/histories';

// Histories that follow from seeds: jobs, groups and cancels on twenty boards of three workers, and faults in between.
// `npm run faults` plays more of them, or one again.

const histories = Number(process.env['LAVA_FAULT_HISTORIES'] ?? 50);
const seed = Number(process.env['LAVA_FAULT_SEED'] ?? 1);

test(`${histories} histories of faults from seed ${seed} on break no rule`, async () => {
  // Said at once: a test that hangs should tell where.
  const { violations } = await playHistories({ seed, histories, labs: 2, say: (line) => writeFileSync(process.stderr.fd, `${line}\n`) });
  expect(violations).toEqual([]);
}, 60_000 + histories * 30_000);
