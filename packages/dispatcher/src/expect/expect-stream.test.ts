import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConnectionClosedError } from '@lava/base';
import { defaultReadSize, ExpectStream } from './expect-stream.ts';
import { literal } from './literal.ts';
import { compilePattern } from './pattern.ts';

const soon = { timeoutMs: 5000 };

describe('waiting for patterns', () => {
  test('the earliest match wins, then the first pattern', async () => {
    const stream = new ExpectStream();
    stream.push('say hello world');
    expect(await stream.expect(['world', 'hello', 'hel+o'], soon)).toMatchObject({ index: 1, text: 'hello', before: 'say ' });
    expect(await stream.expect(['o', 'world'], soon)).toMatchObject({ index: 1, before: ' ' });
  });

  test('a match may come in pieces, and long after', async () => {
    const stream = new ExpectStream();
    const match = stream.expect([/-\[ cut here \]/, 'login: $'], soon);
    for (const piece of ['x'.repeat(100_000), 'log', 'in', ':', ' ']) stream.push(piece);
    const { index, before } = await match;
    expect(index).toBe(1);
    expect(before).toBe('x'.repeat(2 * defaultReadSize - 'login: '.length));
  });

  test('text that came while nobody waited is looked at in order', async () => {
    const stream = new ExpectStream();
    stream.push(`first ${'.'.repeat(50_000)} second`);
    expect((await stream.expect(['second', 'first'], soon)).index).toBe(1);
    expect((await stream.expect(['second', 'first'], soon)).index).toBe(0);
  });

  test('look-ahead is satisfied by later text', async () => {
    const stream = new ExpectStream();
    const match = stream.expect(['foo(?=bar)'], soon);
    stream.push('foo');
    stream.push('bar');
    expect((await match).text).toBe('foo');
    expect((await stream.expect([literal('bar')], soon)).text).toBe('bar');
  });

  test('time, end and abort', async () => {
    const stream = new ExpectStream();
    stream.push('abc');
    await expect(stream.expect(['x'], { timeoutMs: 5 })).rejects.toMatchObject({ message: 'wait for prompt timed out', code: 'prompt-timeout' });
    const abort = new AbortController();
    const waiting = stream.expect(['x'], { timeoutMs: 5000, signal: abort.signal });
    abort.abort(new Error('canceled'));
    await expect(waiting).rejects.toThrow('canceled');
    expect((await stream.expect(['b'], soon)).before).toBe('a');
    const last = stream.expect(['x'], soon);
    stream.end();
    await expect(last).rejects.toBeInstanceOf(ConnectionClosedError);
    expect((await stream.expect(['c'], soon)).text).toBe('c');
    await expect(stream.expect(['x'], soon)).rejects.toThrow('Connection closed');
  });

  test('a pattern that is none is an error of the job', async () => {
    await expect(new ExpectStream().expect(['root@(x'], soon)).rejects.toThrow("Invalid regular expression 'root@(x'");
  });
});

// A scanner that looks at each character once must find what searching everything after every piece finds.
describe('piecewise equals naive', () => {
  const pattern = fc.constantFrom('ab', 'a+b', 'b$', '(?:ab|ba)c', '[^a]c', 'a.{0,3}c', '\\bab', 'c{2,3}', 'a*', '(a|b)\\1', 'b(?!c)', 'a\\B', '(?i)AB', '^a', '\\w\\s', 'é');
  const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\n', 'é'), minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 });

  test('for random texts and patterns', async () => {
    await fc.assert(fc.asyncProperty(fc.array(pattern, { minLength: 1, maxLength: 4 }), pieces, async (patterns, texts) => {
      const compiled = patterns.map(compilePattern);
      const stream = new ExpectStream();
      const got = stream.expect(patterns, soon).catch(() => undefined);
      let sofar = '';
      let expected: { index: number; text: string; before: string } | undefined;
      for (const text of texts) {
        stream.push(text);
        sofar += text;
        if (expected) continue;
        const hits = compiled.map((p, index) => ({ index, found: p.search(sofar) })).filter((h) => h.found !== undefined);
        const best = hits.sort((x, y) => x.found!.start - y.found!.start || x.index - y.index)[0];
        if (best?.found) expected = { index: best.index, text: sofar.slice(best.found.start, best.found.end), before: sofar.slice(0, best.found.start) };
      }
      stream.end();
      const match = await got;
      expect(match && { index: match.index, text: match.text, before: match.before }).toEqual(expected);
    }), { numRuns: 2000 });
  });
});
