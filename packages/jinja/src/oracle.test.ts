import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { python, renderHere, renderWithPython, type Case, type Outcome } from '../test/cpython.ts';
import { filterCases, testCases } from '../test/filters.ts';
import { methodCases, operatorCases, printingCases } from '../test/expressions.ts';
import { statementCases, whitespaceCases } from '../test/statements.ts';
import { linked, template, wrapped } from '../test/generate.ts';

/** Cases that differ, with what both made of them. Errors are compared by their presence: our words say more. */
function differences(cases: readonly Case[], expected: readonly Outcome[]): unknown[] {
  return cases.flatMap((one, i) => {
    const here = renderHere(one);
    const there = expected[i] as Outcome;
    const same = 'text' in here && 'text' in there ? here.text === there.text : 'error' in here && !('text' in there);
    return same ? [] : [{ source: one.source, here, python: there }];
  });
}

/** Generated cases of each kind; `LAVA_RENDER_CASES=20000` compares many more. */
const generated = Number(process.env['LAVA_RENDER_CASES'] ?? 1000);

describe.skipIf(python === undefined)('equal to the Jinja2 of CPython (needs python3-jinja2)', () => {
  it.each([
    ['statements', statementCases], ['whitespace', whitespaceCases], ['printed values', printingCases], ['operators', operatorCases],
    ['methods', methodCases], ['filters', filterCases], ['tests', testCases],
  ])('%s', (_, cases) => {
    expect(differences(cases, renderWithPython(cases))).toEqual([]);
  });

  it.each([['templates', template], ['texts to wrap', wrapped], ['addresses', linked]])('generated %s', { timeout: 30_000 + generated * 30 }, (_, generator) => {
    const cases = fc.sample(generator, { numRuns: generated, seed: Number(process.env['FAST_CHECK_SEED'] ?? 2) });
    // In parts: the answers of a hundred thousand do not fit into one text.
    for (let i = 0; i < cases.length; i += 1000) {
      const part = cases.slice(i, i + 1000);
      expect(differences(part, renderWithPython(part)).slice(0, 5)).toEqual([]);
    }
  });
});
