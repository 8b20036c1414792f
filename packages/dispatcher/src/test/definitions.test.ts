import { afterAll, beforeAll, expect, test } from 'vitest';
import { ShellBoard, inline, shells } from '../testing/shell-board.ts';

let board: ShellBoard;
beforeAll(async () => { board = await ShellBoard.create(); });
afterAll(() => board.remove());

const ofTest = (cases: readonly string[]) => cases.filter((entry) => !/^lava\/(validate|test-|file-|login|kernel|power|job)/.test(entry));

test('a job with sets, measurements, references, patterns and stages', async () => {
  const { outcome, cases, results, records, texts } = await board.run([
    {
      definitions: [
        inline('sets', [
          'echo "hello $WHO"', 'lava-test-set start first', 'lava-test-case in-set --result pass',
          'lava-test-case measured --result pass --measurement 3.25 --units seconds', 'lava-test-set stop',
          'lava-test-case shell-fail --shell false', 'lava-test-case shell-ok --shell "echo $1 | cat"',
          'lava-test-reference ref --result skip --reference http://127.0.0.1/x', 'lava-test-event something',
        ], { entry: { parameters: { WHO: 'world' } } }),
        inline('fixup', ['printf "one: GOOD\\ntwo: BAD 12.5 MB\\n"'], {
          file: { parse: { pattern: '^(?P<test_case_id>\\w+): (?P<result>GOOD|BAD)( (?P<measurement>[0-9.]+) (?P<units>\\w+))?', fixupdict: { GOOD: 'pass', BAD: 'fail' } } },
        }),
      ],
    },
    { definitions: [inline('later', ['lava-test-case in-second-stage --result PASS'])] },
  ]);
  expect(texts('exception')).toEqual([]);
  expect(outcome.result).toBe('pass');
  expect(ofTest(cases)).toEqual([
    '0_sets/in-set=pass', '0_sets/measured=pass', '0_sets/shell-fail=fail', '0_sets/shell-ok=pass', '0_sets/ref=skip', 'lava/0_sets=pass',
    '1_fixup/one=pass', '1_fixup/two=fail', 'lava/1_fixup=pass', '2_later/in-second-stage=pass', 'lava/2_later=pass',
  ]);
  expect(texts('target')).toContain('hello world');
  // The line of the last signal comes before what is logged of it, whether its end has come or not.
  const all = records.map((record) => record.msg);
  expect(all.indexOf('<LAVA_TEST_RUNNER EXIT>')).toBe(all.indexOf('ok: lava_test_shell seems to have completed') - 1);
  expect(texts('event')).toEqual(['something']);
  const of = (name: string) => results.find((result) => result['case'] === name);
  expect(of('measured')).toMatchObject({ definition: '0_sets', measurement: 3.25, units: 'seconds', set: 'first' });
  expect(of('shell-fail')?.['set']).toBeUndefined();
  expect(of('two')).toMatchObject({ measurement: 12.5, units: 'MB' });
  expect(of('ref')).toEqual({ case: 'ref', definition: '0_sets', result: 'skip', reference: 'http://127.0.0.1/x', set: undefined });
  expect(Object.keys(of('0_sets') ?? {})).toEqual(['definition', 'case', 'uuid', 'repository', 'path', 'duration', 'result', 'revision', 'namespace', 'commit_id']);
  expect(of('0_sets')).toMatchObject({ uuid: '1_1.1.2.1', path: 'inline/sets.yaml', revision: 'unspecified', namespace: 'common' });
});

test('results in formats of their own: handed over, piped in, or printed by the whole run', async () => {
  const xml = '<testsuite name="unit"><testcase name="a" time="0.5"/><testcase name="b"><failure/></testcase></testsuite>';
  const { outcome, cases, results, texts } = await board.run([{
    definitions: [
      inline('handed', [`echo '${xml}' > report.xml`, 'lava-test-report junit report.xml', 'printf "1..2\\nok 1 - piped in\\n" | lava-test-report tap', 'lava-test-report xls x || true', 'lava-test-case after --result pass']),
      inline('printed', ['echo "KTAP version 1"', 'echo "1..1"', 'echo "    KTAP version 1"', 'echo "    # Subtest: group"', 'echo "    ok 1 inner"', 'echo "not ok 1 group"', 'lava-test-case own --result pass'], { file: { parse: { format: 'ktap' } } }),
    ],
  }]);
  expect(outcome.result).toBe('pass');
  expect(ofTest(cases)).toEqual([
    '0_handed/a=pass', '0_handed/b=fail', '0_handed/piped-in=pass', '0_handed/missing-tests=fail', '0_handed/after=pass', 'lava/0_handed=pass',
    '1_printed/inner=pass', '1_printed/group=fail', '1_printed/own=pass', 'lava/1_printed=pass',
  ]);
  expect(results.find((result) => result['case'] === 'a')).toMatchObject({ set: 'unit', measurement: 0.5, units: 'seconds' });
  expect(results.find((result) => result['case'] === 'inner')).toMatchObject({ set: 'group' });
  expect(texts('error')).toContain('The test announced 2 tests, 1 of them did not report');
});

test('markers of a case lead to what it printed', async () => {
  const { records, results } = await board.run([{ definitions: [inline('m', ['lava-test-case slow --shell "echo start; sleep 0.2; echo inside; sleep 0.2"'])] }]);
  const { starttc, endtc } = results.find((result) => result['case'] === 'slow') as { starttc: number; endtc: number };
  expect(records[starttc]?.msg).toBe('Received signal: <STARTTC> slow');
  expect(records[endtc]?.msg).toBe('Received signal: <ENDTC> slow');
  expect(records.slice(starttc, endtc).map((record) => record.msg)).toContain('inside');
});

test('a case encloses its output, and nothing else, also when all comes in one read', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const burst = names.map((name) => `<LAVA_%s ${name}>\\nout of ${name}\\n<LAVA_%s ${name}>\\n<LAVA_%s TEST_CASE_ID=${name} RESULT=pass>\\n`).join('');
  const { records, results } = await board.run([{ definitions: [inline('b', [`printf '${burst}' ${names.map(() => 'SIGNAL_STARTTC SIGNAL_ENDTC SIGNAL_TESTCASE').join(' ')}`])] }]);
  for (const name of names) {
    const { starttc, endtc } = results.find((result) => result['case'] === name) as { starttc: number; endtc: number };
    expect(records.slice(starttc, endtc + 1).map((record) => record.msg)).toEqual([
      `Received signal: <STARTTC> ${name}`, `out of ${name}`, `<LAVA_SIGNAL_ENDTC ${name}>`, `Received signal: <ENDTC> ${name}`,
    ]);
    expect(records[starttc - 1]?.msg).toBe(`<LAVA_SIGNAL_STARTTC ${name}>`);
  }
});

test('signals that are wrong are refused one by one', async () => {
  const { cases, texts } = await board.run([{
    definitions: [inline('bad', [
      'lava-test-case "has blank" --result pass', 'lava-test-case word --result Pass', 'lava-test-case number --result pass --measurement abc',
      'printf "<LAVA_%s RESULT=pass>\\n" SIGNAL_TESTCASE', 'printf "<LAVA_%s thing>\\n" SIGNAL_NEW', 'lava-test-case good --result pass',
    ])],
  }]);
  expect(ofTest(cases)).toEqual(['0_bad/good=pass', 'lava/0_bad=pass']);
  expect(texts('error')).toEqual([
    'Ignoring malformed parameter for signal: "blank". ', "Bad test result: 'Pass'", "Invalid measurement 'abc'",
    "Test case results without test_case_id (probably a sign of an incorrect parsing pattern being used): {'result': 'pass'}",
  ]);
});

test('a step that fails ends its run, and the next one begins', async () => {
  const { outcome, cases } = await board.run([{ definitions: [inline('dies', ['lava-test-case a --result pass', 'false', 'lava-test-case b --result pass']), inline('next', ['true'])] }]);
  expect(outcome.result).toBe('pass');
  expect(ofTest(cases)).toEqual(['0_dies/a=pass', 'lava/1_next=pass']);
});

test('the last run died: it is marked as failed', async () => {
  const { outcome, cases, texts } = await board.run([{ definitions: [inline('dies', ['false'])] }]);
  expect(outcome.result).toBe('pass');
  expect(texts('error')).toEqual(['Marking unfinished test run as failed']);
  expect(ofTest(cases)).toEqual(['lava/0_dies=fail']);
});

test('lava-test-raise ends the job with its text', async () => {
  const { outcome, cases } = await board.run([{ definitions: [inline('r', ['lava-test-raise the   end', 'lava-test-case never --result pass'])] }]);
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Test', errorMessage: 'the end' });
  expect(ofTest(cases)).toEqual(['lava/0_r=fail', 'lava/lava-test-shell=fail', 'lava/lava-test-retry=fail']);
});

test('a failing install leaves its definition out and fails the block', async () => {
  const { outcome, cases, texts } = await board.run([{
    definitions: [inline('bad', ['lava-test-case never --result pass'], { file: { install: { steps: ['false'] } } }), inline('good', ['lava-test-case runs --result pass'])],
  }]);
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Test', errorMessage: "['Unable to start test stage 0']" });
  expect(texts('error')).toContain('Unable to start stage 0. Read the log for more details.');
  expect(ofTest(cases)).toEqual(['1_good/runs=pass', 'lava/1_good=pass', 'lava/lava-test-shell=fail', 'lava/lava-test-retry=fail']);
});

test('expected cases: missing ones fail, others are not allowed', async () => {
  const reason = "missing expected test cases are reported as 'fail' by LAVA.";
  const { cases, results, texts } = await board.run([{
    definitions: [
      inline('e', ['lava-test-case a --result pass', 'lava-test-case extra --result pass'], { entry: { expected: ['z', 'a', 'b'] } }),
      inline('dies', ['lava-test-case a --result pass', 'false'], { entry: { expected: ['a', 'b'] } }),
    ],
  }]);
  expect(ofTest(cases)).toEqual(['0_e/a=pass', '0_e/extra=fail', '0_e/b=fail', '0_e/z=fail', 'lava/0_e=pass', '1_dies/a=pass', 'lava/1_dies=fail', '1_dies/b=fail']);
  expect(results.find((result) => result['case'] === 'z')).toMatchObject({ definition: '0_e', level: '3.1', extra: { reason } });
  expect(texts('error').slice(0, 2)).toEqual(["'extra' not found in expected test case list!", "Forcing unexpected 'extra' result 'pass' to 'fail' ..."]);
});

test('a timeout that may be skipped lets the next block run', async () => {
  const { outcome, cases } = await board.run([
    { timeout: { seconds: 3, skip: true }, definitions: [inline('slow', ['lava-test-case before --result pass', 'exec sleep 60'])] },
    { interactive: [{ name: 'after', prompts: ['board# '], script: [{ delay: 0 }] }] },
  ]);
  expect(ofTest(cases)).toEqual(['0_slow/before=pass', 'lava/0_slow=fail', 'lava/lava-test-shell=fail', 'lava/lava-test-retry=fail', 'lava/1_after=pass']);
  expect(outcome.result).toBe('pass');
});

test('a cancel ends a test at once', async () => {
  const cancel = new AbortController();
  const running = board.run([{ definitions: [inline('slow', ['lava-test-case before --result pass', 'exec sleep 60'])] }], { signal: cancel.signal });
  setTimeout(() => cancel.abort(), 1500);
  const { outcome } = await running;
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled' });
});

test('a connection that ends is the lab\'s fault', async () => {
  const { outcome, texts } = await board.run([{ definitions: [inline('gone', [`kill -9 $(cat ${board.folder}/pid)`, 'sleep 60'])] }]);
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Infrastructure', errorMessage: 'Connection closed' });
  expect(texts('error')).toContainEqual(expect.stringMatching(/^The program 'sh' of the connection ended with exit status 137; its last output:\n/));
  expect(texts('error').at(-1)).toBe('ConnectionClosedError: connection closed');
});

test.each(Object.entries(shells))('100,000 lines go through %s', async (_name, shell) => {
  const { outcome, records, cases } = await board.run([{ definitions: [inline('seq', ['seq 1 100000', 'lava-test-case printed --result pass'])] }], { shell });
  expect(outcome.result).toBe('pass');
  const numbers = records.filter((record) => record.lvl === 'target' && /^\d+$/.test(String(record.msg))).map((record) => Number(record.msg));
  expect(numbers).toEqual(Array.from({ length: 100_000 }, (_, i) => i + 1));
  expect(ofTest(cases)).toEqual(['0_seq/printed=pass', 'lava/0_seq=pass']);
});

test('no overlay: nothing to run', async () => {
  const { outcome } = await board.run([{ namespace: 'other', definitions: [inline('x', ['true'])] }]);
  expect(outcome.result).toBe('fail');
});
