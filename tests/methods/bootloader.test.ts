import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { arm64Board, uboot, type QemuBoard } from './support/qemu-board.ts';

// A job that stops at the prompt of a real U-Boot, and a test that talks to it.

let board: QemuBoard | undefined;
afterEach(() => board?.remove());

describe.skipIf(!existsSync(uboot))('bootloader', () => {
  test('an interactive test at the prompt of U-Boot', async () => {
    board = await arm64Board();
    const { outcome, cases, typed } = await board.run([
      { boot: { method: 'bootloader', bootloader: 'u-boot', commands: ['setenv color blue'], prompts: ['=> '] } },
      { test: { timeout: { minutes: 1 }, interactive: [{ name: 'u-boot', prompts: ['=> '], script: [
        { name: 'prompt', command: null },
        { name: 'set', command: 'printenv color', successes: [{ message: 'color=blue' }] },
        { name: 'unset', command: 'printenv colour', successes: [{ message: 'colour=' }], failures: [{ message: 'not defined' }] },
      ] }] } },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(typed.slice(0, 2)).toEqual(['\n', 'setenv color blue\n']);
    expect(cases).toEqual(expect.arrayContaining(['0_u-boot/set pass', '0_u-boot/unset fail']));
  });
});
