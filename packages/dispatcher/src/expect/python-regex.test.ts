import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { JobError } from '@lava/base';
import { compilePattern } from './pattern.ts';

// What Python's re.search finds is the truth; each row is a pattern and texts.
const rows: readonly (readonly [string, ...string[]])[] = [
  ['root@guest:', 'login\r\nroot@guest:~# ', 'nobody'],
  ['(?P<user>\\w+)@(?P<host>[^:]*):', 'x\nroot@b-1:~', 'größe@ü:'],
  ['# $', 'a # b', 'a # ', 'a # \n', 'a # \n\n'],
  ['^# ', '# x', 'a\n# x'],
  ['(?m)^# $', 'a\n# \nb', '# x'],
  ['\\A\\d+\\Z', '123', '123\n', 'a1'],
  ['(?i)login(?-i:X)?: ', 'LOGIN: ', 'loginx: ', 'LogInX: '],
  ['(?s)a.b', 'a\nb'], ['a.b', 'a\nb', 'a\rb'],
  ['(?x) a b # comment\n c', 'abc', 'a b c'],
  ['[^\\]a-c]+', 'abc]xyz', ']]'], ['[]x]+', 'a]x'], ['[a\\-z]+', 'b-a'], ['[\\w.-]+', 'été-1.b '],
  ['\\x41\\u00e9\\101\\n', 'AéA\n'], ['\\.\\*\\$\\/\\-', '.*$/-'], ['a{2}b{1,}c{,2}d{x}', 'aabccd{x}', 'aabd{x}'],
  ['(a)|(b)', 'xb'], ['(?:ab)+?', 'ababab'], ['x*', 'aaa'], ['\\bfoo\\b', 'foobar foo'], ['foo(?=bar)', 'foo foobar'],
  ['(?<!x)foo', 'xfoo foo'], ['(["\']).*?\\1', 'say "it\'s" now'], ['(?P<q>a+)-(?P=q)', 'aa-aa'], ['\\s+\\S', 'a\u00a0\u2003b'],
  ['[\\d\\s]+', 'x 1 \u0663'], ['\\\\', 'a\\b'], ['-+\\[ end trace \\w* \\]-+[^\\n]*\\r', '---[ end trace 00ff ]---\r\n'], ['(?#note)a', 'ba'],
  ['<LAVA_SIGNAL_(?P<signal>\\S+) (?P<args>[^>]+)>', '<LAVA_SIGNAL_TESTCASE <TEST_CASE_ID=a RESULT=pass>>'], ['', 'abc'], ['a|', 'ba'], ['\u{1f600}.', 'x\u{1f600}y'],
];

interface Answer { start: number; end: number; groups: (string | null)[]; named: Record<string, string | null> }

const python = `
import json, re, sys
out = []
def units(text, n): return len(text[:n].encode('utf-16-le')) // 2
for row in json.load(sys.stdin):
    answers = []
    for text in row[1:]:
        m = re.search(row[0], text)
        answers.append(None if m is None else {'start': units(text, m.start()), 'end': units(text, m.end()), 'groups': list(m.groups()), 'named': m.groupdict()})
    out.append(answers)
print(json.dumps(out))
`;

function pythonAnswers(): (Answer | null)[][] | undefined {
  try {
    return JSON.parse(execFileSync('python3', ['-W', 'ignore', '-c', python], { input: JSON.stringify(rows), encoding: 'utf8' })) as (Answer | null)[][];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

describe('patterns find what Python finds', () => {
  const answers = pythonAnswers();
  test.skipIf(answers === undefined).each(rows.map((row, i) => ({ pattern: row[0], texts: row.slice(1), expected: answers?.[i] ?? [] })))('$pattern', ({ pattern, texts, expected }) => {
    const compiled = compilePattern(pattern);
    const got = texts.map((text) => {
      const found = compiled.search(text);
      return found ? { start: found.start, end: found.end, groups: found.captures.map((c) => c ?? null), named: Object.fromEntries(Object.entries(found.groups).map(([k, v]) => [k, v ?? null])) } : null;
    });
    expect(got).toEqual(expected);
  });
});

test.each(['(', 'a)', '[', '*a', 'a**', '\\q', '(?P<1>a)', 'x{3,2}', '(?P=no)', '\\', '[z-a]', '(?P<a>x)(?P<a>y)'])('%s is refused', (pattern) => {
  expect(() => compilePattern(pattern)).toThrow(JobError);
});

test('no pattern of a user can freeze the process', () => {
  const text = `${'a'.repeat(5000)}b`;
  expect(compilePattern('(a+)+$').search(text)).toBeUndefined();
  expect(() => compilePattern('(?:(?=a)a+)+c').search(text)).toThrow('takes too long');
});
