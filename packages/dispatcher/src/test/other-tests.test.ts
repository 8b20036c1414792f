import { afterAll, beforeAll, expect, test } from 'vitest';
import { ShellBoard, inline } from '../testing/shell-board.ts';

let board: ShellBoard;
beforeAll(async () => { board = await ShellBoard.create(); });
afterAll(() => board.remove());

const ofTest = (cases: readonly string[]) => cases.filter((entry) => !/^lava\/(validate|test-|file-|login|kernel|power|job)/.test(entry));

test('interactive: answers decide, and what they say can be used', async () => {
  const { outcome, cases, texts, results } = await board.run([{
    interactive: [{
      name: 'talk', prompts: ['board# '], expected: ['sum', 'bad', 'late', 'prompted', 'never'], script: [
        { command: 'true' },
        { name: 'sum', command: 'echo sum-$((1+1)); echo job {JOB_ID} {UNKNOWN}', successes: [{ message: 'sum-(?P<SUM>\\d+)' }] },
        { name: 'bad', command: 'ls /nosuch', successes: [{ message: 'total' }], failures: [{ message: 'No such file' }] },
        { delay: 0 },
        { command: 'echo used {SUM}' },
        { name: 'late', command: 'echo first', successes: [{ message: 'first' }], wait_for_prompt: false },
        { command: null },
        { name: 'prompted', command: 'true', successes: [{ message: 'never there' }] },
      ],
    }],
  }]);
  expect(outcome.result).toBe('pass');
  expect(ofTest(cases)).toEqual(['0_talk/sum=pass', '0_talk/bad=fail', '0_talk/late=pass', '0_talk/prompted=fail', '0_talk/never=fail', 'lava/0_talk=pass']);
  expect(texts('target')).toEqual(expect.arrayContaining(['job 1 {UNKNOWN}', 'used 2']));
  expect(texts('error')).toEqual(["Matched a failure: 'No such file'", "Matched a prompt (was expecting a success): 'board# '"]);
  expect(results.find((result) => result['case'] === 'sum')).toEqual({ definition: '0_talk', case: 'sum', result: 'pass', duration: expect.stringMatching(/^\d+\.\d\d$/) });
});

test('interactive: a failure can be an error of a kind, and a command without name must not fail', async () => {
  const script = (step: object) => [{ interactive: [{ name: 'x', prompts: ['board# '], script: [step] }] }];
  const raised = await board.run(script({ name: 'boom', command: 'echo oops', failures: [{ message: 'oops', exception: 'InfrastructureError', error: 'the lab burns' }] }));
  expect(raised.outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'the lab burns' });
  expect(ofTest(raised.cases).slice(0, 2)).toEqual(['0_x/boom=fail', 'lava/0_x=fail']);
  const unnamed = await board.run(script({ command: 'echo oops', failures: [{ message: 'oops' }] }));
  expect(unnamed.outcome).toMatchObject({ errorType: 'Test', errorMessage: "Failed to run command 'echo oops'" });
  const wrong = await board.run([{ interactive: [{ name: 'a b', script: [{ 'lava-send': 'x' }, {}] }] }]);
  expect(wrong.outcome.errorMessage).toContain("Invalid characters found in the name of an interactive test: 'a b'");
});

test('monitors: results out of what the device prints by itself', async () => {
  const print = (text: string) => ({ interactive: [{ name: 'start', prompts: ['board# '], script: [{ command: text, successes: [{ message: 'begun' }], wait_for_prompt: false }] }] });
  const { outcome, cases, results, texts } = await board.run([
    print("echo be''gun; sleep 0.3; printf 'START\\nCase One: PASS\\nCase-Two: BAD\\nthree: WEIRD\\nspeed 12.5 MB/s\\nEND\\n'"),
    { monitors: [{ name: 'Boot Log', start: 'START', end: 'END', pattern: '(?P<test_case_id>[\\w -]+): (?P<result>\\w+)\\r?\\n|(?P<x>speed) ', fixupdict: { PASS: 'pass', BAD: 'fail' }, expected: ['case_one', 'case_two', 'gone'] }] },
  ]);
  expect(outcome.result).toBe('pass');
  expect(ofTest(cases).filter((entry) => !entry.includes('start'))).toEqual(['boot-log/case_one=pass', 'boot-log/case_two=fail', 'boot-log/gone=fail']);
  expect(texts('error')).toEqual(['error: bad test results: WEIRD']);
  expect(texts('info')).toContain('ok: end string found, lava test monitoring stopped');
  expect(results.find((result) => result['case'] === 'case_one')).toMatchObject({ definition: 'boot-log', level: '4.1' });
});

test('monitors: measurements, and a device that falls silent', async () => {
  const { outcome, cases, results, texts } = await board.run([
    { interactive: [{ name: 'start', prompts: ['board# '], script: [{ command: "echo be''gun; sleep 0.3; printf 'START\\nread 12.5 MB/s\\n'", successes: [{ message: 'begun' }], wait_for_prompt: false }] }] },
    { monitors: [{ name: 'speed', start: 'START', end: 'END', pattern: '(?P<test_case_id>\\w+) (?P<measurement>[0-9.]+) (?P<units>\\S+)' }] },
  ], { device: { timeouts: { connections: { 'lava-test-monitor': { seconds: 1 } } } } });
  expect(outcome.result).toBe('pass');
  expect(cases).toContain('speed/read=pass');
  expect(results.find((result) => result['case'] === 'read')).toMatchObject({ measurement: 12.5, units: 'MB/s' });
  expect(texts('warning')).toContain('err: lava test monitoring has timed out');
});

test('wrong definitions are refused before anything runs', async () => {
  const { outcome } = await board.run([{ definitions: [inline('a.b', ['true']), inline('same', []), inline('same', []), inline('x', [], { entry: { skip_install: ['everything'], path: '../up.yaml' } })] }]);
  expect(outcome.errorType).toBe('Job');
  for (const text of ['Invalid characters found in test definition name: a.b', 'Test definition names need to be unique.', 'Unrecognised skip_install value', "Path of test definition 'x' must stay inside its repository"]) {
    expect(outcome.errorMessage).toContain(text);
  }
  expect((await board.run([{ definitions: [{ ...inline('a', []), from: 'bzr' }] }])).outcome.errorMessage).toContain("No testdef_repo handler is available for the given repository type 'bzr'.");
  expect((await board.run([{ definitions: [inline('lava', ['true'])] }])).outcome).toMatchObject({ errorType: 'Test', errorMessage: 'The "lava" test definition name is reserved.' });
});

test('monitors: results that the device prints as KTAP', async () => {
  const printed = ['START', 'KTAP version 1', '1..2', '    KTAP version 1', '    # Subtest: list', '    ok 1 add', '    not ok 2 del', 'not ok 1 list', 'END'].join('\\n');
  const { cases, texts } = await board.run([
    { interactive: [{ name: 'start', prompts: ['board# '], script: [{ command: `echo be''gun; sleep 0.3; printf '${printed}\\n'`, successes: [{ message: 'begun' }], wait_for_prompt: false }] }] },
    { monitors: [{ name: 'kunit', start: 'START', end: 'END', format: 'ktap' }] },
  ]);
  expect(ofTest(cases).filter((entry) => !entry.includes('start'))).toEqual(['kunit/add=pass', 'kunit/del=fail', 'kunit/list=fail', 'kunit/missing-tests=fail']);
  expect(texts('error')).toContain('The test announced 2 tests, 1 of them did not report');
});
