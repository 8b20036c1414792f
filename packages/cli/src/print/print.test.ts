import { expect, test } from 'vitest';
import { LogPrinter } from './log-printer.ts';
import { formatProblems } from './problems.ts';
import { resultsTable } from './results-table.ts';
import { safeText } from './style.ts';
import { table } from './table.ts';

const plain = (printer: (write: (t: string) => void) => void): string => {
  let out = '';
  printer((t) => { out += t; });
  return out;
};

test('a log line has seconds since the first, its level and its text', () => {
  const out = plain((write) => {
    const printer = new LogPrinter(write, false);
    printer.print({ dt: '2026-11-22T10:00:00.000000+00:00', lvl: 'info', msg: 'start: 1 deploy' });
    printer.print({ dt: '2026-11-22T10:00:02.500000+00:00', lvl: 'results', msg: { definition: '0_a', case: 'b', result: 'pass', measurement: 1.5, units: 's' } });
  });
  expect(out).toBe('    0.0 info      start: 1 deploy\n    2.5 results   0_a/b: pass 1.5 s\n');
});

test('a download shows as one bar that moves in place on a terminal, and goes when the next line comes', () => {
  const out = plain((write) => {
    const printer = new LogPrinter(write, true);
    printer.print({ dt: '2026-11-22T10:00:00.000000+00:00', lvl: 'debug', msg: 'progress  50 % (10 MB)' });
    printer.print({ dt: '2026-11-22T10:00:01.000000+00:00', lvl: 'debug', msg: '20 MB downloaded' });
  });
  expect(out.split('\n')).toHaveLength(2);
  expect(out).toContain('[##########          ] progress  50 % (10 MB)');
});

test('what a device prints cannot move the cursor or set titles', () => {
  expect(safeText('a\u001b]0;title\u0007b\u001b[2Jc\rd')).toBe('a\\x1b]0;title\\x07b\\x1b[2Jcd');
  expect(safeText('ok \u001b[31mred\u001b[0m 日本')).toBe('ok red 日本');
});

test('columns align by their widest cell', () => {
  expect(table(['a', 'bb'], [['xxx', 'y'], ['z', '']])).toBe('a    bb\nxxx  y\nz\n');
});

test('results: tests first, LAVA’s own suite last, totals of the tests', () => {
  const row = { id: 1, measurement: null, units: '', set: null, start_log_line: null, end_log_line: null, log_line: null, logged: '', metadata: {} };
  const out = resultsTable([
    { id: 1, name: 'lava', cases: [{ ...row, name: 'job', result: 'pass' }] },
    { id: 2, name: '0_smoke', cases: [{ ...row, name: 'speed', set: 'disk', result: 'fail', measurement: '12.5000000000', units: 'MB/s' }] },
  ]);
  expect(out.split('\n').slice(1, 3)).toEqual(['0_smoke  disk/speed  fail    12.5 MB/s', 'lava     job         pass']);
  expect(out).toContain('1 test cases: 0 pass, 1 fail, 0 skip, 0 unknown');
});

test('a problem names file, line and column, shows the line, points at it and advises', () => {
  const text = 'job_name: x\nactionz: []\n';
  const out = formatProblems('job.yaml', text, [{
    severity: 'error', code: 'unknown-key', message: "unknown key 'actionz'", hint: "Did you mean 'actions'?", path: ['actionz'], line: 2, column: 1, endColumn: 8,
  }]);
  expect(out).toBe("job.yaml:2:1: error: unknown key 'actionz' [unknown-key]\n    actionz: []\n    ^^^^^^^\n    Did you mean 'actions'?\n");
});
