import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { ConsoleLines } from './console-lines.ts';
import { Console, type Transport } from './console.ts';
import { Journal } from '../log/journal.ts';
import { shellSplit } from './shell-split.ts';

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

test('commands are split into words as Python does', () => {
  const commands = ['a b  c', `'a b' "c d"`, `a\\ b "x\\"y\\\\z\\n" 'q\\'`, `--x='1 2'"3"`, '""', '  '];
  const python = JSON.parse(execFileSync('python3', ['-c', 'import json,shlex,sys; print(json.dumps([shlex.split(c) for c in json.load(sys.stdin)]))'], { input: JSON.stringify(commands), encoding: 'utf8' })) as string[][];
  expect(commands.map(shellSplit)).toEqual(python);
  expect(() => shellSplit("it's")).toThrow('No closing quotation');
  expect(() => shellSplit('a\\')).toThrow('No escaped character');
});
