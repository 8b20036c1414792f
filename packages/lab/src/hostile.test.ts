import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkLab, emptyLab, importBoards, readLab } from './index.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${project}docs/lab-file.md`, 'utf8');
const lines = page.slice(page.indexOf('```yaml\n') + 8).split('```\n')[0]!.split('\n');

/** The example with a few lines lost, moved, doubled or spoilt. */
const spoilt = fc.array(fc.tuple(fc.nat(lines.length - 1), fc.nat(lines.length - 1), fc.constantFrom('lose', 'move', 'double', 'indent', 'cut', 'word')), { minLength: 1, maxLength: 4 }).map((edits) => {
  const text = [...lines];
  for (const [at, other, edit] of edits) {
    const line = text[at] ?? '';
    if (edit === 'lose') text.splice(at, 1);
    else if (edit === 'move') text.splice(other, 0, ...text.splice(at, 1));
    else if (edit === 'double') text.splice(other, 0, line);
    else if (edit === 'indent') text[at] = ` ${line}`;
    else if (edit === 'cut') text[at] = line.slice(0, other % (line.length + 1));
    else text[at] = line.replace(/\w+/, ['', '12', 'null', '[]', '{a: b}', '__proto__', '&a', '*a', "'", '{%'][other % 10]!);
  }
  return text.join('\n');
});

test('whatever is done to a lab file, every error has its place, and nothing throws', async () => {
  await fc.assert(fc.asyncProperty(spoilt, async (text) => {
    const { lab, problems, places } = readLab(text);
    const all = [...problems, ...(lab ? await checkLab(lab, emptyLab(), places, [`${project}device-types`]) : [])];
    for (const problem of all) {
      if (problem.code === 'more-problems') continue;
      expect(problem.line, JSON.stringify(problem)).toBeGreaterThan(0);
      expect(problem.line, JSON.stringify(problem)).toBeLessThanOrEqual(text.split('\n').length + 1);
      expect(problem.column).toBeGreaterThan(0);
    }
    if (!lab) expect(problems.some((p) => p.severity === 'error')).toBe(true);
    expect(() => importBoards(text)).not.toThrow();
  }), { numRuns: Number(process.env['LAVA_TEST_RUNS'] ?? 100) });
});
