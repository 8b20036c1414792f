import { describe, expect, test } from 'vitest';
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import type { FormatCase } from './format.ts';
import { formatReader } from './formats.ts';

/** Results as `set/name=result`, and the problems told. */
function read(format: string, text: string): { cases: string[]; problems: readonly string[]; found: FormatCase[] } {
  const reader = formatReader(format)!;
  const found = [...text.split('\n').flatMap((line) => [...reader.line(line)]), ...reader.end()];
  return { found, cases: found.map((c) => `${c.set === undefined ? '' : `${c.set}/`}${c.name}=${c.result}`), problems: reader.problems() };
}

describe('tap', () => {
  test('flat, with numbers or not, with directives', () => {
    expect(read('tap', `TAP version 13
1..7
ok 1 - reads a file
not ok 2 - writes a file
  ---
  message: 'no space'
  ok 99 - this is text
  ...
# a comment
ok 3 # SKIP no network
not ok 4 - new thing # TODO later
ok 5 - has \\# in it
ok
some output of the test
ok 7 two  words
`)).toMatchObject({
      cases: ['reads-a-file=pass', 'writes-a-file=fail', 'test-3=skip', 'new-thing=skip', 'has-_-in-it=pass', 'two-words=pass', 'missing-tests=fail'],
      problems: ['The test announced 7 tests, 1 of them did not report'],
    });
  });

  test('subtests of version 14', () => {
    expect(read('tap', `TAP version 14
1..2
# Subtest: outer
    1..1
    # Subtest: inner
        ok 1 - leaf
        1..1
    ok 1 - inner
ok 1 - outer
ok 2 - alone`).cases).toEqual(['leaf=pass', 'inner=pass', 'outer=pass', 'alone=pass'].map((c, i) => ['outer.inner/', 'outer/', '', ''][i]! + c));
  });

  test('bailing out, a plan that skips all, nothing at all', () => {
    expect(read('tap', 'TAP version 13\n1..5\nok 1 a\nBail out! no database')).toMatchObject({ cases: ['a=pass', 'bail-out=fail'], problems: ['The test gave up: no database'] });
    expect(read('tap', '1..0 # SKIP not here').cases).toEqual(['all=skip']);
    expect(read('tap', 'nothing to see')).toMatchObject({ cases: [], problems: [] });
  });
});

test('ktap as a kernel prints it, with other messages in between', () => {
  expect(read('ktap', `[    0.100000] KTAP version 1
[    0.100001] 1..2
[    0.100002]     KTAP version 1
[    0.100003]     # Subtest: list-kunit-test
[    0.100004]     1..3
[    0.100005]     ok 1 list_test_list_init
[    0.100006] usb 1-1: new device
[    0.100007]     # list_test_list_add: EXPECTATION FAILED at lib/list-test.c:57
[    0.100008]     not ok 2 list_test_list_add
[    0.100009]         KTAP version 1
[    0.100010]         # Subtest: params
[    0.100011]         ok 1 small # SKIP
[    0.100012]     ok 3 params
[    0.100013] # list-kunit-test: pass:1 fail:1 skip:1 total:3
[    0.100014] not ok 1 list-kunit-test
[    0.100015][    T1] ok 2 sysctl_test`).cases).toEqual([
    'list-kunit-test/list_test_list_init=pass', 'list-kunit-test/list_test_list_add=fail', 'list-kunit-test.params/small=skip', 'list-kunit-test/params=pass',
    'list-kunit-test=fail', 'sysctl_test=pass',
  ]);
});

test('groups without a name of their own get that of their line', () => {
  expect(read('ktap', `KTAP version 1
1..1
  KTAP version 1
  1..2
    KTAP version 1
    1..1
    ok 1 leaf
  ok 1 inner
  not ok 2 other
ok 1 outer`).cases).toEqual(['outer.inner/leaf=pass', 'outer/inner=pass', 'outer/other=fail', 'outer=pass']);
});

describe('junit', () => {
  test('suites in one another, times, failures, errors, skips', () => {
    const { found, problems } = read('junit', `starting…
<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="outer suite" tests="4">
    <testsuite name="inner"><testcase classname="a.B" name="works" time="1.5"/></testsuite>
    <testcase name="breaks"><failure message="x &lt; y">trace
    of several lines</failure></testcase>
    <testcase name="crashes"><error/></testcase>
    <testcase name="later"><skipped/></testcase>
    <testcase name="off" status="notrun"/>
  </testsuite>
</testsuites>`);
    expect(found).toEqual([
      { name: 'a.B.works', result: 'pass', set: 'outer-suite.inner', measurement: 1.5, units: 'seconds' },
      ...[['breaks', 'fail'], ['crashes', 'fail'], ['later', 'skip'], ['off', 'skip']].map(([name, result]) => ({ name, result, set: 'outer-suite' })),
    ]);
    expect(problems).toEqual([]);
  });

  test.each([
    ['<testsuite><testcase name="a"/>', ['a=pass', 'junit-report=fail'], /cannot be read further: /],
    ['<testsuite><testcase name="a"/></other>', ['a=pass', 'junit-report=fail'], /cannot be read further: .*1:/],
    ['<!DOCTYPE x [<!ENTITY a "b">]><testsuite name="&a;"/>', ['junit-report=fail'], /entity/],
    ['no report', ['junit-report=fail'], /There is no JUnit report/],
  ])('what is wrong is told: %s', (text, cases, problem) => {
    const answer = read('junit', text);
    expect(answer.cases).toEqual(cases);
    expect(answer.problems).toEqual([expect.stringMatching(problem)]);
  });
});

test('no text breaks a reader, and names are names', () => {
  const line = oneof(string(), constantFrom('ok 1', '  ok 1 a', '    # Subtest: b', '1..3', '  1..2', 'not ok 2 - c # SKIP', '  ---', '  ...', '<a>', '</a>', '<testcase name="x">', 'KTAP version 1', '    KTAP version 1', 'Bail out!'));
  assert(property(constantFrom('ktap', 'tap', 'junit'), array(line, { maxLength: 30 }), (format, lines) => {
    for (const { name } of read(format, lines.join('\n')).found) expect(name).toMatch(/^[\w.:/[\]+=,@%-]+$/);
  }), { numRuns: 500 });
});
