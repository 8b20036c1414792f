import { describe, expect, test } from 'vitest';
import { parseAnsi } from './ansi.ts';

const E = '\u001b';

describe('parseAnsi', () => {
  test('plain text is one piece', () => {
    expect(parseAnsi('hello')).toEqual([{ text: 'hello', style: {} }]);
    expect(parseAnsi('')).toEqual([]);
  });

  test('colours, weights and their ends', () => {
    expect(parseAnsi(`${E}[1;31mred${E}[22m thin${E}[0m plain`)).toEqual([
      { text: 'red', style: { bold: true, fg: 1 } },
      { text: ' thin', style: { fg: 1 } },
      { text: ' plain', style: {} },
    ]);
    expect(parseAnsi(`${E}[92;44mx${E}[m`)).toEqual([{ text: 'x', style: { fg: 10, bg: 4 } }]);
    expect(parseAnsi(`${E}[7mx${E}[27my`)).toEqual([{ text: 'x', style: { inverse: true } }, { text: 'y', style: {} }]);
  });

  test('256 and true colours, also with colons', () => {
    expect(parseAnsi(`${E}[38;5;196mx`)[0]?.style).toEqual({ fg: 'rgb(255, 0, 0)' });
    expect(parseAnsi(`${E}[38;5;9mx`)[0]?.style).toEqual({ fg: 9 });
    expect(parseAnsi(`${E}[48;5;244mx`)[0]?.style).toEqual({ bg: 'rgb(128, 128, 128)' });
    expect(parseAnsi(`${E}[38;2;1;2;3;1mx`)[0]?.style).toEqual({ fg: 'rgb(1, 2, 3)', bold: true });
    expect(parseAnsi(`${E}[38;5;999mx`)[0]?.style).toEqual({});
  });

  test('other sequences leave nothing behind', () => {
    expect(parseAnsi(`${E}[2J${E}[10;20Ha${E}]0;title\u0007b${E}(Bc${E}[?2004hd${E}7e`).map((p) => p.text).join('')).toBe('abcde');
    expect(parseAnsi(`a${E}`).map((p) => p.text).join('')).toBe('a␛');
    expect(parseAnsi(`a${E}[31`).map((p) => p.text).join('')).toBe('a␛[31');
  });

  test('control characters become visible, carriage returns vanish, tabs stay', () => {
    expect(parseAnsi('a\u0007b\tc\r')).toEqual([{ text: 'a␇b\tc', style: {} }]);
  });

  test('markup stays text', () => {
    expect(parseAnsi('<script>alert(1)</script>')).toEqual([{ text: '<script>alert(1)</script>', style: {} }]);
  });

  describe('sequences that lost their escape character', () => {
    const bare = (text: string) => parseAnsi(text, { bare: true });

    test('colours are read only when asked for', () => {
      expect(bare('[32m  OK  [0m done')).toEqual([{ text: '  OK  ', style: { fg: 2 } }, { text: ' done', style: {} }]);
      expect(parseAnsi('[32mOK[0m')).toEqual([{ text: '[32mOK[0m', style: {} }]);
    });

    test('grep and ls: resets and erasures beside a colour', () => {
      expect(bare('[01;31m[Kmatch[m[K rest')).toEqual([{ text: 'match', style: { bold: true, fg: 1 } }, { text: ' rest', style: {} }]);
      expect(bare('[38;5;34mx[0m')[0]).toEqual({ text: 'x', style: { fg: 'rgb(0, 175, 0)' } });
    });

    test('a bracket after a reset, as systemd prints it', () => {
      expect(bare('[[0;32m  OK  [0m] Reached target')).toEqual([{ text: '[', style: {} }, { text: '  OK  ', style: { fg: 2 } }, { text: '] Reached target', style: {} }]);
    });

    test('prompts of readline', () => {
      expect(bare('[?2004hroot@debian:~# ')).toEqual([{ text: 'root@debian:~# ', style: {} }]);
      expect(bare('root@guest:/# [6n')).toEqual([{ text: 'root@guest:/# ', style: {} }]);
      expect(bare('index [6n] of')).toEqual([{ text: 'index [6n] of', style: {} }]);
    });

    test('text that only looks alike stays', () => {
      for (const text of ['distance [10m]', 'array[m]', 'list [0K] of', 'weight [500m', '[   12.345678] usb', 'a[1]m', '[1;2']) {
        expect(bare(text)).toEqual([{ text, style: {} }]);
      }
    });
  });
});
