import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { guestImage, project, type GuestImage } from '@lava/testbed';
import { login, QemuBoard } from './support/qemu-board.ts';

// A machine that boots by itself (`minimal`), with a shell on each of its two serial ports (`new_connection`).

let guest: GuestImage;
let board: QemuBoard | undefined;
beforeAll(async () => { guest = await guestImage(join(project, '.cache')); });
afterEach(() => board?.remove());

test('minimal, and a test on the second serial port', async () => {
  board = await QemuBoard.start(['qemu-system-x86_64', '-M', 'q35', '-cpu', 'qemu64', '-m', '256', '-kernel', guest.kernel, '-initrd', guest.ramdisk, '-append', 'console=ttyS0,115200 getty=ttyS1'],
    "{% extends 'base-uboot.jinja2' %}\n", { serials: 2 });
  const { outcome, cases, records, printed } = await board.run([
    { boot: { method: 'minimal', namespace: 'first', ...login } },
    { boot: { method: 'new_connection', namespace: 'second', connection: 'uart1', ...login } },
    { test: { namespace: 'second', timeout: { minutes: 1 }, interactive: [{ name: 'tty', prompts: ['root@guest:'], script: [{ name: 'second', command: 'tty', successes: [{ message: '/dev/ttyS1' }] }] }] } },
    { test: { namespace: 'first', timeout: { minutes: 1 }, interactive: [{ name: 'tty', prompts: ['root@guest:'], script: [
      { command: 'echo to the other > /dev/ttyS1' },
      { name: 'first', command: 'tty', successes: [{ message: '/dev/ttyS0' }] },
    ] }] } },
  ]);
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(cases.filter((c) => !c.startsWith('lava/'))).toEqual(['0_tty/second pass', '0_tty/first pass']);
  expect(printed).toContain('Linux version 6');
  expect(records).toContainEqual(expect.objectContaining({ lvl: 'feedback', ns: 'second', msg: expect.stringContaining('to the other') as string }));
});
