import { expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { checkJob, validateJob } from './index.ts';
import { valid } from '../test/corpus/corpus.ts';
import { jobs } from '../test/corpus/jobs.ts';
import { mutated } from '../test/mutate.ts';

/** `LAVA_MUTATIONS` says how many, `FAST_CHECK_SEED` which ones; the longest check is printed. */
const count = Number(process.env['LAVA_MUTATIONS'] ?? 10_000);

test(`${count} definitions with mistakes`, { timeout: 30_000 + count * 50 }, () => {
  const samples = [...(['classic', 'newer', 'beyond', 'whole'] as const).flatMap(valid).map(({ job }) => job), ...Object.values(jobs).map((text) => loadYaml(text))];
  const seen = { refused: 0, warned: 0, accepted: 0 };
  let longest = { ms: 0, text: '' };
  for (const text of mutated(samples, count, Number(process.env['FAST_CHECK_SEED'] ?? 1))) {
    const started = performance.now();
    const { problems, definition } = checkJob(text);
    const ms = performance.now() - started;
    if (ms > longest.ms) longest = { ms, text };
    validateJob(text, { strict: true });

    const errors = problems.filter((p) => p.severity === 'error');
    expect(definition === undefined, text).toBe(errors.length > 0);
    for (const p of errors) expect(p, text).toMatchObject({ line: expect.any(Number), column: expect.any(Number), message: expect.stringMatching(/./) });
    const lines = text.split(/\r\n|\r|\n/);
    for (const p of errors) expect(p.line, text).toBeLessThanOrEqual(lines.length);
    seen[errors.length ? 'refused' : problems.length ? 'warned' : 'accepted']++;
  }
  process.stdout.write(`${JSON.stringify(seen)}, the longest check took ${longest.ms.toFixed(1)} ms\n`);
  expect(seen.refused).toBeGreaterThan(count / 4);
  expect(seen.warned).toBeGreaterThan(0);
  // Two hundred milliseconds are meant; a busy machine may take longer, a check that grows out of hand takes minutes.
  expect(longest.ms, longest.text).toBeLessThan(5000);
});
