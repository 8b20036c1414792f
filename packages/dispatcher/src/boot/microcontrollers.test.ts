import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { greetingProgram, Microbit, MockUsb } from '@lava/testbed';
import { FlashBoard, stubUsb } from '../testing/flash-board.ts';

// The real programs write a microcontroller that QEMU runs, through a debug probe on USB; then its program speaks.

const needed = { openocd: 'openocd', pyocd: 'pyocd-flashtool', gdb: 'gdb-multiarch' } as const;
const installed = (program: string) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
const missing = MockUsb.missing() ?? Microbit.missing();
const skip = (program: string) => missing !== undefined || !installed(program);

let bus: MockUsb;
let chip: Microbit;
let board: FlashBoard;
beforeEach(async () => {
  chip = await Microbit.start();
});
afterEach(async () => {
  board.remove();
  await chip.end();
});

const program = () => ({ zephyr: board.file('zephyr.bin', {}, greetingProgram('*** Booting Zephyr OS ***\r\nhello: pass\r\nPROJECT EXECUTION SUCCESSFUL\r\n')) });
const monitors = [{ name: 'chip', start: 'Booting Zephyr', end: 'EXECUTION SUCCESSFUL', pattern: '(?P<test_case_id>\\w+): (?P<result>pass|fail)' }];

/** The program is deployed, written and run; what it says are the results. */
async function flash(boot: object): Promise<Awaited<ReturnType<FlashBoard['run']>>> {
  board.rewrite(`exec socat -u UNIX-CONNECT:${chip.serial} -`);
  return board.run([{ deploy: { to: 'tmpfs', images: program() } }, { boot }, { test: { monitors } }]);
}

function expectGreeting(run: Awaited<ReturnType<typeof flash>>): void {
  expect(run.messages('exception')).toEqual([]);
  expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(run.results.find((r) => r['case'] === 'hello')).toMatchObject({ definition: 'chip', result: 'pass' });
}

describe.skipIf(missing !== undefined)(`through a probe${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  beforeEach(async () => {
    bus = await MockUsb.start();
    await bus.play(await chip.probe('B0A2D'));
    stubUsb(bus);
  });
  afterEach(() => bus.end());

  const script = ['init', 'reset halt', 'flash write_image erase {ZEPHYR} 0 bin', 'verify_image {ZEPHYR} 0 bin', 'reset run', 'shutdown'];
  const openocd = (command: readonly string[]) => new FlashBoard('', { boot: { openocd: {
    board_selection_cmd: 'transport select swd\nadapter serial B0A2D', parameters: { command: 'openocd', options: { file: ['interface/cmsis-dap.cfg'], search: [''], command: ['source [find target/nrf51.cfg]', ...command], debug: 2 } },
  } } });

  test.skipIf(skip(needed.openocd))('openocd erases, writes, verifies and starts it', async () => {
    board = openocd(script);
    const run = await flash({ method: 'openocd' });
    expectGreeting(run);
    expect(run.messages('debug').join('\n')).toMatch(/nRF51822[^]*wrote \d+ bytes[^]*verified \d+ bytes/);
  });

  test.skipIf(skip(needed.openocd))('openocd that finds no such probe', async () => {
    board = openocd(['adapter serial OTHER', ...script]);
    const run = await flash({ method: 'openocd' });
    expect(run.outcome).toMatchObject({ errorType: 'Job', errorCode: 'flash-failed', poweredOff: true });
    expect(run.messages('debug').join('\n')).toContain('unable to find a matching CMSIS-DAP device');
  });

  test.skipIf(skip(needed.pyocd))('pyocd runs its own program in the chip to write it', async () => {
    board = new FlashBoard('', { boot: { pyocd: { parameters: { command: 'pyocd-flashtool', options: ['-t nrf51'], connect_before_flash: true } } } });
    const run = await flash({ method: 'pyocd' });
    expectGreeting(run);
    expect(run.messages('debug').join('\n')).toMatch(/CPU core is Cortex-M0[^]*Programmed \d+ bytes/);
  });
});

test.skipIf(Microbit.missing() !== undefined || !installed(needed.gdb))('gdb loads it into the chip, and lets it run', async () => {
  board = new FlashBoard('', { boot: { gdb: { parameters: { command: 'gdb-multiarch', wait_before_continue: 0 }, load: {
    arguments: ['-q', '-nx'], commands: ['set confirm off', `target remote ${chip.debugger}`, 'restore {ZEPHYR} binary 0', 'set $sp = *(int *)0', 'set $pc = *(int *)4 & ~1', 'set $xpsr = 0x01000000'],
  } } } });
  expectGreeting(await flash({ method: 'gdb', commands: 'load' }));
  expect(board.leftovers).toEqual([]);
});
