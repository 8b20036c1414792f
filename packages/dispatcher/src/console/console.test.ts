import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConsoleLines } from './console-lines.ts';
import { Console, type Transport } from './console.ts';
import { Journal } from '../log/journal.ts';
import { shellSplit } from '../text/shell-split.ts';

function lines(...pieces: string[]): { whole: string[]; rest: string[] } {
  const seen: string[] = [];
  const cutter = new ConsoleLines((line) => seen.push(line));
  for (const piece of pieces) cutter.push(piece);
  const whole = [...seen];
  cutter.flush();
  return { whole, rest: seen.slice(whole.length) };
}

describe('console text becomes log lines', () => {
  test.each([
    [['a\nb\r\nc\r\r\nd'], ['a', 'b', 'c'], ['d']],
    [['a\r', '\n', '\r\n'], ['a', ''], []],
    [['\u001b[31mred\u001b[0m\n'], ['[31mred[0m'], []],
    [['50 %\r100 %\n'], ['50 %\r100 %'], []],
    [['', 'x'], [], ['x']],
  ])('%j', (pieces, whole, rest) => expect(lines(...pieces)).toEqual({ whole, rest }));

  test('a line without an end does not fill the memory', () => {
    const { rest } = lines(...Array.from({ length: 1000 }, () => 'x'.repeat(1000)));
    expect(rest[0]?.length).toBeLessThan(110_000);
  });
});

function consoleOf(namespace = 'common', foreground = true) {
  const records: string[] = [];
  const log = new Journal({ listener: (r) => records.push(`${r.lvl}${r.ns === undefined ? '' : `(${r.ns})`}: ${String(r.msg)}`) });
  const sent: string[] = [];
  const transport: Transport & { paused: boolean } = {
    paused: false, pause() { this.paused = true; }, resume() { this.paused = false; }, end: async () => undefined,
    write: async (text) => { sent.push(text); },
  };
  const console = new Console({ log, actionName: 'some-action', isForeground: () => foreground }, { namespace, tags: [] });
  console.attach(transport);
  return { console, records, sent, transport, say: (text: string | Uint8Array) => console.receive(Buffer.from(text)) };
}

describe('a console', () => {
  test('logs what comes and what is typed, in order', async () => {
    const { console, records, sent, say } = consoleOf();
    const bytes = Buffer.from('größe: ');
    say(bytes.subarray(0, 3));
    say(bytes.subarray(3));
    await console.sendLine('yes');
    say('yes\r\n\xff'.replace('\xff', ''));
    expect(records).toEqual(["debug: Sending line: 'yes'", 'target: größe: ', 'input: yes\n', 'target: yes']);
    expect(sent).toEqual(['yes\n']);
  });

  test('text of a console in the background is feedback', () => {
    const { records, say } = consoleOf('other', false);
    say('hello\n');
    expect(records).toEqual(['feedback(other): hello']);
  });

  test('invalid bytes become replacement characters', () => {
    const { records, say } = consoleOf();
    say(Uint8Array.of(0x61, 0xff, 0x62, 0x0a));
    expect(records).toEqual(['target: a\ufffdb']);
  });

  test('a device that nobody listens to is held up', async () => {
    const { console, transport, say } = consoleOf();
    for (let i = 0; i < 80; i += 1) say('x'.repeat(65_536));
    expect(transport.paused).toBe(true);
    say('end');
    await console.expect(['end'], { timeoutMs: 5000 });
    expect(transport.paused).toBe(false);
  });

  test('sends nothing when it is closed', async () => {
    const { console } = consoleOf();
    console.ended();
    await expect(console.sendLine('x')).rejects.toThrow('Connection closed');
    await console.close();
    await console.drain(10_000);
  });
});

describe('the log keeps step with whoever waits', () => {
  const signal = /<(\w+)>/;
  /** Reads come one by one: whoever was woken by one has its turn before the next. */
  const turn = () => new Promise(setImmediate);

  /** Logs each signal as it is matched, like a test does. */
  async function follow({ console, records }: ReturnType<typeof consoleOf>): Promise<void> {
    for (;;) {
      const match = await console.expect([signal], { timeoutMs: 5000 });
      console.logUnfinishedLine();
      records.push(`got ${match.captures[0]}`);
    }
  }

  test('lines of one read come before and after what the waiter logs of the match between them', async () => {
    const board = consoleOf();
    const ended = expect(follow(board)).rejects.toThrow('Connection closed');
    board.say('one\n<START>\nin between\n<END>\n<NEXT> and more\nlast');
    await turn();
    board.console.ended();
    await ended;
    expect(board.records).toEqual([
      'target: one', 'target: <START>', 'got START', 'target: in between', 'target: <END>', 'got END', 'target: <NEXT> and more', 'got NEXT', 'target: last',
    ]);
  });

  test('a line whose end comes later is logged first, and once', async () => {
    const board = consoleOf();
    const ended = expect(follow(board)).rejects.toThrow('Connection closed');
    for (const piece of ['a\n<START>', '\r', '\n\r\nb <EN', 'D>', ' tail\n', '<X>', '\n']) {
      board.say(piece);
      await turn();
    }
    board.console.ended();
    await ended;
    expect(board.records).toEqual([
      'target: a', 'target: <START>', 'got START', 'target: ', 'target: b <END>', 'got END', 'target:  tail', 'target: <X>', 'got X',
    ]);
  });

  test('nothing is held back when nobody waits again', async () => {
    const { console, records, say } = consoleOf();
    const match = console.expect([signal], { timeoutMs: 5000 });
    say('<A>\nafter\n');
    await match;
    expect(records).toEqual(['target: <A>']);
    await turn();
    expect(records).toEqual(['target: <A>', 'target: after']);
    say('later\n');
    expect(records).toHaveLength(3);
  });

  test('what has come is logged before what is typed', async () => {
    const { console, records, say } = consoleOf();
    const match = console.expect(['guest:'], { timeoutMs: 5000 });
    say('root@guest:/# ');
    await match;
    await console.send('ls\n');
    expect(records).toEqual(['target: root@guest:/# ', 'input: ls\n']);
  });

  test('however the text is cut, no line is lost or moved, and each signal follows its line', async () => {
    const lines = ['plain', '<A>', '', 'text <B>', '<C><D>', 'x', '<E> tail'];
    await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...lines), { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), async (text, cuts) => {
      const board = consoleOf();
      const ended = follow(board).catch(() => undefined);
      const whole = text.map((l) => `${l}\r\n`).join('');
      for (let at = 0, i = 0; at < whole.length; at += cuts[i % cuts.length]!, i += 1) {
        board.say(whole.slice(at, at + cuts[i % cuts.length]!));
        await turn();
      }
      board.console.ended();
      await ended;
      const shown = board.records.filter((r) => r.startsWith('target: ')).map((r) => r.slice(8));
      expect(shown.join('')).toBe(text.join(''));
      let console = '';
      const seen: string[] = [];
      for (const record of board.records) {
        if (record.startsWith('target: ')) {
          // A line without a signal of its own never comes before the signals of the lines above it.
          const open = [...console.matchAll(/<(\w)>/g)].map((m) => m[1]);
          if (!/[<>]/.test(record) && record !== 'target:  tail') expect(seen).toEqual(open);
          console += record.slice(8);
        } else {
          seen.push(record.slice(4));
          expect([...console.matchAll(/<(\w)>/g)].map((m) => m[1]).slice(0, seen.length)).toEqual(seen);
        }
      }
      expect(seen).toEqual([...whole.matchAll(/<(\w)>/g)].map((m) => m[1]));
    }), { numRuns: 300 });
  });
});

test('commands are split into words as Python does', () => {
  const commands = ['a b  c', `'a b' "c d"`, `a\\ b "x\\"y\\\\z\\n" 'q\\'`, `--x='1 2'"3"`, '""', '  '];
  const python = JSON.parse(execFileSync('python3', ['-c', 'import json,shlex,sys; print(json.dumps([shlex.split(c) for c in json.load(sys.stdin)]))'], { input: JSON.stringify(commands), encoding: 'utf8' })) as string[][];
  expect(commands.map(shellSplit)).toEqual(python);
  expect(() => shellSplit("it's")).toThrow('No closing quotation');
  expect(() => shellSplit('a\\')).toThrow('No escaped character');
});
