import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DfuDevice, MockUsb } from '@lava/testbed';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, debuggerOnUsb, FlashBoard, stubUsb } from '../testing/flash-board.ts';

// Boards with microcontrollers: whole jobs that write a program with the vendor's tool, whose words are compared.

const missing = MockUsb.missing();
let bus: MockUsb | undefined;
beforeAll(async () => {
  if (missing !== undefined) return;
  bus = await MockUsb.start();
  await bus.plug(debuggerOnUsb());
});
afterAll(() => bus?.end());

let board: FlashBoard;
beforeEach(() => { if (bus) stubUsb(bus); });
afterEach(() => board.remove());

const hello = "echo '*** Booting Zephyr OS ***'; sleep 60";
const { method: _method, ...login } = toShell;

describe.skipIf(missing !== undefined)(`debuggers${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('pyocd: its words, then the console', async () => {
    board = new FlashBoard(hello, { boot: { pyocd: { parameters: { command: 'pyocd', options: ['-d debug', '-t k64f'] } } }, tools: ['pyocd'] });
    const run = await board.run([board.program('zephyr.hex'), { boot: { method: 'pyocd' } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(board.tools.calls()).toEqual([['pyocd', 'flash', '-d', 'debug', '-t', 'k64f', '--uid', 'B0A2D', expect.stringMatching(/\/deployimages-\w+\/zephyr\/zephyr\.hex$/)]]);
    expect(actionsOf(run)).toEqual([
      'deployimages', 'download-retry', 'file-download', 'boot-pyocd-image', 'reset-device', 'pdu-reboot', 'wait-device-boardid', 'flash-pyocd', 'connect-device', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(board.isOff).toBe(true);
  });

  test('pyocd: the old program, a console that is opened first, and what is told of a failure', async () => {
    board = new FlashBoard(hello, { boot: { pyocd: { parameters: { command: 'pyocd-flashtool', options: [], connect_before_flash: true } } }, tools: ['pyocd-flashtool'] });
    board.tools.says('pyocd-flashtool', 'No available debug probes\n', 3);
    const run = await board.run([board.program('zephyr.hex'), { boot: { method: 'pyocd' } }]);
    expect(run.outcome).toMatchObject({ errorType: 'Job', errorCode: 'flash-failed', errorMessage: expect.stringMatching(/^\['pyocd-flashtool', '--board', 'B0A2D', .*\] command failed$/), poweredOff: true });
    expect(run.messages('debug')).toContain('>> No available debug probes');
    const names = actionsOf(run);
    expect(names.indexOf('connect-device')).toBeLessThan(names.indexOf('flash-pyocd'));
  });

  test('jlink: a script for its commander', async () => {
    board = new FlashBoard(hello, { tools: ['JLinkExe'], boot: { jlink: { parameters: {
      command: 'JLinkExe', address: 4096, processor: 'MK64FN1M0xxx12', supported_core_types: [], erase_command: ['erase'], reset_command: ['r', 'g'], options: ['-if SWD', '-speed 4000'],
    } } } });
    board.tools.does('JLinkExe', `while [ "$1" != -CommanderScript ]; do shift; done; cp "$2" ${board.path('script')}`);
    const run = await board.run([board.program('zephyr.bin'), { boot: { method: 'jlink', prompts: ['Booting Zephyr'] } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome.result).toBe('pass');
    expect(board.tools.calls()).toEqual([[
      'JLinkExe', '-device', 'MK64FN1M0xxx12', '-if', 'SWD', '-speed', '4000', '-autoconnect', '1', '-NoGui', '1', '-CommanderScript', expect.stringMatching(/cmd\.jlink$/), '-SelectEmuBySN', 'B0A2D',
    ]]);
    expect(readFileSync(board.path('script'), 'utf8')).toMatch(/^r\nh\nsleep 500\nerase\nloadfile \S+zephyr\.bin 0x1000\nverifybin \S+zephyr\.bin 0x1000\nr\ng\nqc\n$/);
    expect(run.messages('target')).toContain('*** Booting Zephyr OS ***');
    expect(board.isOff).toBe(true);
  });

  test('jlink: a debugger that is not there', async () => {
    board = new FlashBoard(hello, { tools: ['JLinkExe'], boot: { jlink: { parameters: { processor: 'X' } } } });
    board.tools.says('JLinkExe', 'Connecting to J-Link via USB...FAILED: Cannot connect to J-Link.\n');
    const { outcome } = await board.run([board.program('zephyr.bin'), { boot: { method: 'jlink' } }]);
    expect(outcome).toMatchObject({ errorType: 'Job', errorCode: 'flash-failed', poweredOff: true });
  });

  test('openocd: files, search folders and commands with the names of images', async () => {
    board = new FlashBoard(hello, { tools: ['openocd'], boot: { openocd: { board_selection_cmd: 'adapter serial B0A2D', parameters: {
      command: 'openocd', options: { file: ['board/ti.cfg'], search: ['/opt/scripts', ''], command: ['init', 'flash write_image erase {ZEPHYR}', 'shutdown'], debug: 2 },
    } } } });
    const run = await board.run([board.program('zephyr.elf'), { boot: { method: 'openocd' } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(board.tools.calls()).toEqual([[
      'openocd', '-f', 'board/ti.cfg', '-f', expect.stringMatching(/board_selection\.cfg$/), '-d2', '-s', '/opt/scripts', '-c', 'init',
      '-c', expect.stringMatching(/^flash write_image erase \/\S+zephyr\.elf$/), '-c', 'shutdown',
    ]]);
    expect(actionsOf(run).slice(3)).toEqual(['boot-openocd-image', 'reset-device', 'pdu-reboot', 'wait-device-boardid', 'connect-device', 'flash-openocd', 'finalize', 'power-off', 'read-feedback']);
    expect(board.isOff).toBe(true);
  });

  describe('dfu, with the real dfu-util', () => {
    let chip: DfuDevice;
    beforeAll(async () => {
      chip = new DfuDevice({ vendor: 0x0d28, product: 0x0205, serial: 'DF0' }, ['boot', 'app']);
      await bus?.play(chip);
    });
    const ids = { board_id: 'DF0', usb_vendor_id: '0d28', usb_product_id: '0205' };
    const fromRom = { device: ids, boot: { dfu: { parameters: { command: 'dfu-util', options: ['-v'] } } } };

    test('from the hardware: each image goes to its place; the last restarts the board', async () => {
      board = new FlashBoard(hello, fromRom);
      const images = { boot: board.file('boot.bin', { image_arg: '--alt 0 --download {boot}' }), app: board.file('app.bin', { image_arg: '--alt 1 --download {app}' }, Buffer.alloc(5000, 'app')) };
      const run = await board.run([{ deploy: { to: 'tmpfs', images } }, { boot: { method: 'dfu' } }]);
      expect(run.messages('exception')).toEqual([]);
      expect(chip.memory.get(0)?.toString()).toBe('boot.bin\n');
      expect(chip.memory.get(1)?.equals(Buffer.alloc(5000, 'app'))).toBe(true);
      expect(chip.restarts).toBe(1);
      expect(actionsOf(run).slice(5)).toEqual(['boot-dfu-retry', 'connect-device', 'reset-device', 'pdu-reboot', 'wait-dfu-device', 'flash-dfu', 'finalize', 'power-off', 'read-feedback']);
      expect(board.isOff).toBe(true);
    });

    test('what cannot be written is told, with the words of dfu-util in the log', async () => {
      board = new FlashBoard(hello, fromRom);
      chip.broken = true;
      const run = await board.run([{ deploy: { to: 'tmpfs', images: { app: board.file('app.bin', { image_arg: '--alt 1 --download {app}' }) } } }, { boot: { method: 'dfu' } }]);
      chip.broken = false;
      expect(run.outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'flash-failed', errorMessage: expect.stringMatching(/^command failed: dfu-util -v --serial DF0 /), poweredOff: true });
      expect(run.messages('debug').join('\n')).toContain('Device is unable to write memory');
    });

    test('a place that the board does not have', async () => {
      board = new FlashBoard(hello, fromRom);
      const { outcome } = await board.run([{ deploy: { to: 'tmpfs', images: { app: board.file('app.bin', { image_arg: '--alt 7 --download {app}' }) } } }, { boot: { method: 'dfu' } }]);
      expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'flash-failed', poweredOff: true });
    });

    test('U-Boot is told to take it, and says when it has', async () => {
      board = new FlashBoard('', {
        constants: { 'u-boot': { 'interrupt-prompt': 'Hit any key', 'interrupt-character': '', 'dfu-download': 'DOWNLOAD \\.\\.\\. OK\\r\\nCtrl\\+C to exit \\.\\.\\.' } },
        device: ids, boot: { 'u-boot': { parameters: { bootloader_prompt: '=>' } }, dfu: { implementation: 'u-boot', reset_works: false, parameters: { command: 'dfu-util', 'enter-commands': ['dfu 0 mmc 0'] } } },
      });
      board.rewrite(`printf 'Hit any key'; read -r key; printf '=> '; read -r line; echo "$line"; while ! [ -e ${board.path('downloaded')} ]; do sleep 0.05; done; printf 'DOWNLOAD ... OK\\nCtrl+C to exit ...'; sleep 60`);
      chip.onWritten = () => writeFileSync(board.path('downloaded'), '');
      const restarts = chip.restarts;
      const run = await board.run([{ deploy: { to: 'tmpfs', images: { app: board.file('app.bin', { image_arg: '--alt 1 --download {app}' }) } } }, { boot: { method: 'dfu' } }]);
      chip.onWritten = undefined;
      expect(run.messages('exception')).toEqual([]);
      expect(run.messages('target')).toContain('dfu 0 mmc 0');
      expect(chip.memory.get(1)?.toString()).toBe('app.bin\n');
      expect(chip.restarts).toBe(restarts);
    });
  });

  test('musca: the serial port comes with the power', async () => {
    board = new FlashBoard(friendlyBoard, { boot: { musca: null } });
    const run = await board.run([{ boot: { method: 'musca', ...login } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(actionsOf(run).slice(0, 5)).toEqual(['musca-boot', 'reset-device', 'pdu-reboot', 'wait-usb-serial', 'connect-device']);
    expect(board.isOff).toBe(true);
  });

  test('ids that nobody filled in are told before anything runs', async () => {
    board = new FlashBoard(hello, { tools: ['pyocd'], device: { board_id: '0000000000' }, boot: { pyocd: { parameters: { command: 'pyocd', options: [] } } } });
    const { outcome } = await board.run([board.program('zephyr.hex'), { boot: { method: 'pyocd' } }]);
    expect(outcome.errorMessage).toContain('[PYOCD] board_id unset');
    expect(board.tools.calls()).toEqual([]);
  });
});
