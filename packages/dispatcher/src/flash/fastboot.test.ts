import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FastbootDevice } from '@lava/testbed';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, FlashBoard } from '../testing/flash-board.ts';

// The real `fastboot` speaks over TCP to a device that keeps what is written to it and starts a system then.

let device: FastbootDevice;
let board: FlashBoard;
beforeEach(async () => { device = await FastbootDevice.start(); });
afterEach(async () => {
  await device.close();
  board.remove();
});

const { method: _method, ...login } = toShell;

/** @param steps of the boot method */
function phone(options: { steps?: unknown; deploy?: object; device?: object; commands?: object; boot?: object; tools?: string[] } = {}): FlashBoard {
  const made: FlashBoard = new FlashBoard('', {
    tools: options.tools ?? [], deploy: { fastboot: null, ...options.deploy }, boot: { fastboot: options.steps ?? ['boot'], ...options.boot },
    constants: { 'u-boot': { 'interrupt-prompt': 'Hit any key', 'interrupt-character': '' } }, ...(options.commands && { commands: options.commands as Record<string, unknown> }),
    device: {
      adb_serial_number: '0123', fastboot_serial_number: device.serial, fastboot_options: ['-S', '256M'], flash_cmds_order: ['ptable', 'boot', 'system'],
      device_info: [{ board_id: '0123', wait_device_board_id: false }], ...options.device,
    },
  });
  made.rewrite(`while ! [ -e ${made.path('started')} ]; do sleep 0.05; done; ${friendlyBoard}`);
  device.onBoot = () => writeFileSync(made.path('started'), '');
  return made;
}

/** What fastboot takes for a boot image. */
const bootImage = Buffer.concat([Buffer.from('ANDROID!'), Buffer.alloc(8184)]);

/** An ext4 file system of a few megabytes. */
function fileSystem(path: string): void {
  execFileSync('/usr/sbin/mke2fs', ['-q', '-F', '-t', 'ext4', path, '6M']);
}

const definitions = [{ from: 'inline', name: 'smoke', path: 'inline/smoke.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'smoke' }, run: { steps: ['true'] } } }];

describe('fastboot', () => {
  test('partitions are written in the order of the device, and the boot image starts the system', async () => {
    board = phone();
    const images = { system: board.file('system.img', { sparse: false }), boot: board.file('boot.img', {}, bootImage), ptable: board.file('ptable.img', { reboot: 'fastboot-reboot-bootloader' }) };
    const run = await board.run([{ deploy: { to: 'fastboot', images } }, { boot: { method: 'fastboot', ...login } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(device.commands.filter((command) => !command.startsWith('download'))).toEqual(['flash:ptable', 'reboot-bootloader', 'flash:boot', 'flash:system', 'boot']);
    expect([...device.partitions].map(([name, content]) => [name, content.toString()])).toEqual([['ptable', 'ptable.img\n'], ['boot', bootImage.toString()], ['system', 'system.img\n']]);
    expect(run.messages('debug')).toContainEqual(expect.stringMatching(new RegExp(`^Calling: \\['fastboot', '-s', '${device.serial}', 'flash', 'ptable', '/\\S+/ptable/ptable.img', '-S', '256M'\\]$`)));
    const names = actionsOf(run);
    expect(names.slice(names.indexOf('connect-device'))).toEqual([
      'connect-device', 'pre-power-command', 'reset-device', 'pdu-reboot', 'fastboot-flash-order-action', 'read-feedback', 'wait-device-boardid', 'fastboot-flash-action', 'fastboot-reboot-bootloader', 'read-feedback',
      'wait-device-boardid', 'fastboot-flash-action', 'wait-device-boardid', 'fastboot-flash-action',
      'fastboot-boot', 'connect-device', 'reset-device', 'pdu-reboot', 'wait-device-boardid', 'boot-fastboot', 'pre-os-command', 'auto-login-action', 'login-action', 'export-device-env',
      'finalize', 'power-off', 'read-feedback',
    ]);
    expect(run.results.find((r) => r['case'] === 'boot-fastboot')).toMatchObject({ result: 'pass', extra: { status: expect.stringContaining('inished') } });
    expect(board.isOff).toBe(true);
  });

  test('a partition that the device refuses', async () => {
    board = phone();
    device.answer = (command) => (command === 'flash:system' ? 'FAILpartition table does not exist' : undefined);
    const run = await board.run([{ deploy: { to: 'fastboot', images: { system: board.file('system.img') } } }]);
    expect(run.outcome).toMatchObject({ errorType: 'Job', errorCode: 'fastboot-failed', errorMessage: 'Unable to flash system using fastboot', poweredOff: true });
    expect(run.messages('debug').join('\n')).toContain('partition table does not exist');
  });

  test('the files of the tests come into a sparse image', async () => {
    board = phone();
    fileSystem(board.path('plain.img'));
    execFileSync('img2simg', [board.path('plain.img'), board.path('system.img')]);
    const run = await board.run([
      { deploy: { to: 'fastboot', os: 'debian', images: { system: { url: `file://${board.path('system.img')}`, 'apply-overlay': true } } } }, { test: { definitions, timeout: { seconds: 1 } } },
    ]);
    // Nothing was booted, so nobody answers the test.
    expect(run.outcome.errorMessage).toMatch(/^lava-test-shell timed out/);
    const written = device.partitions.get('system');
    expect(written?.subarray(0, 4)).toEqual(Buffer.from([0x3a, 0xff, 0x26, 0xed]));
    writeFileSync(board.path('written.img'), written ?? '');
    execFileSync('simg2img', [board.path('written.img'), board.path('written.ext4')]);
    expect(execFileSync('/usr/sbin/debugfs', ['-R', `ls -p /lava-${board.id}/bin`, board.path('written.ext4')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain('lava-test-runner');
  });

  test('an image that is not sparse', async () => {
    board = phone();
    fileSystem(board.path('system.img'));
    const { outcome } = await board.run([
      { deploy: { to: 'fastboot', os: 'debian', images: { system: { url: `file://${board.path('system.img')}`, 'apply-overlay': true } } } }, { test: { definitions } },
    ]);
    expect(outcome).toMatchObject({ errorType: 'Job', errorCode: 'sparse-image', errorMessage: expect.stringMatching(/^Image is not an Android sparse image: /), poweredOff: true });
  });

  test('U-Boot is told to enter fastboot', async () => {
    board = phone({ steps: ['reboot'], device: { fastboot_via_uboot: true }, boot: { 'u-boot': { parameters: { bootloader_prompt: '=>' } } }, deploy: { 'u-boot': { parameters: { bootloader_prompt: '=>', fastboot: { commands: ['mmc list', 'fastboot 0'] } } } } });
    board.rewrite(`if ! [ -e ${board.path('started')} ]; then printf 'Hit any key'; read -r key; printf '=> '; read -r a; echo "got $a"; printf '=> '; read -r b; echo "got $b"; fi; while ! [ -e ${board.path('started')} ]; do sleep 0.05; done; ${friendlyBoard}`);
    const run = await board.run([{ boot: { method: 'fastboot', ...login } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.messages('target')).toEqual(expect.arrayContaining(['got mmc list', 'got fastboot 0']));
    expect(device.commands).toEqual(['reboot']);
    expect(actionsOf(run).slice(0, 8)).toEqual(['fastboot-boot', 'connect-device', 'uboot-enter-fastboot', 'reset-device', 'pdu-reboot', 'bootloader-interrupt', 'uboot-fastboot-commands', 'wait-device-boardid']);
  });

  test('download: files for later blocks, on a device in fastboot', async () => {
    board = phone({ steps: ['boot'] });
    const run = await board.run([{ deploy: { to: 'download', images: { boot: board.file('boot.img', {}, bootImage) } } }, { boot: { method: 'fastboot', commands: ['erase userdata'], ...login } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(actionsOf(run).slice(0, 6)).toEqual(['download-deploy', 'connect-device', 'reset-device', 'pdu-reboot', 'download-retry', 'file-download']);
    expect(device.commands.filter((command) => !command.startsWith('download'))).toEqual(['erase:userdata', 'boot']);
    expect(device.booted?.equals(bootImage)).toBe(true);
  });

  test('a device without a power switch is asked over adb, and its shell is the connection', async () => {
    board = phone({ steps: [], tools: ['adb'], commands: { hard_reset: '' }, device: { fastboot_serial_number: 'FB0123' } });
    board.tools.does('adb', `case "$*" in *shell) exec bash ${board.path('android.sh')} ;; '-s 0123 devices') printf 'List of devices attached\\n0123\\tdevice\\n'; exit 0 ;; esac`);
    writeFileSync(board.path('android.sh'), friendlyBoard);
    const run = await board.run([{ boot: { method: 'fastboot' } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(board.tools.calls()).toEqual([
      ['adb', '-s', '0123', 'start-server'], ['adb', '-s', '0123', 'devices'], ['adb', '-s', '0123', 'reboot-bootloader'], ['adb', 'start-server'], ['adb', '-s', '0123', 'wait-for-device'], ['adb', '-s', '0123', 'shell'],
    ]);
    expect(actionsOf(run)).toEqual(['fastboot-boot', 'wait-device-boardid', 'enter-fastboot-action', 'connect-adb', 'adb-overlay-unpack', 'finalize', 'power-off', 'read-feedback']);
    expect(existsSync(board.path('off'))).toBe(true);
  });

  test('settings that are missing are told before anything runs', async () => {
    board = phone({ device: { fastboot_serial_number: '0000000000', fastboot_options: 'none', flash_cmds_order: undefined } });
    const { outcome } = await board.run([{ deploy: { to: 'fastboot', images: { boot: board.file('boot.img') } } }]);
    for (const text of ['device fastboot serial number unset', 'device fastboot options is not a list', 'device flash commands order missing']) expect(outcome.errorMessage).toContain(text);
    expect(readFileSync(board.path('output/result.yaml'), 'utf8')).toContain('invalid-job');
  });
});
