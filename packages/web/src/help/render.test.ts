import { expect, test } from 'vitest';
import { readReasons, reasons } from './reasons.ts';
import { renderHelp } from './render.ts';

const known = (page: string) => page === 'errors' || page === 'u-boot';

test('sections and codes can be linked to; links lead to the pages that are here', () => {
  const html = renderHelp('## A `b-c` here\n\n[a](errors.md#unknown-key), [b](devices/u-boot.md), [c](../bench/README.md), [d](https://example.org/)\n\n| code | what |\n| --- | --- |\n| `kernel-panic`, `x` | The end |\n', known);
  expect(html).toContain('<h2 id="a-b-c-here">');
  expect(html).toContain('<a href="/help/errors#unknown-key">a</a>, <a href="/help/u-boot">b</a>, c, <a href="https://example.org/" rel="noreferrer noopener">d</a>');
  expect(html).toContain('<th scope="col">code</th>');
  expect(html).toContain('<code data-code="kernel-panic">kernel-panic</code>');
});

test('the documentation says of every reason code who has to act and what happened', () => {
  expect(readReasons('| code | class | what |\n| --- | --- | --- |\n| `a-b`, `c` | Job, Infrastructure | Look at `x`. |\n')).toEqual(new Map([
    ['a-b', { classes: 'Job, Infrastructure', advice: 'Look at x.' }], ['c', { classes: 'Job, Infrastructure', advice: 'Look at x.' }],
  ]));
  expect(reasons.size).toBeGreaterThan(60);
  expect(reasons.get('kernel-panic')?.classes).toBe('Job');
  expect([...reasons.values()].filter((r) => r.advice.length < 10)).toEqual([]);
});
