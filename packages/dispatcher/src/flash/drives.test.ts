import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MockUsb, waitUntil } from '@lava/testbed';
import { actionsOf, debuggerOnUsb, driveOnUsb, FlashBoard, stubUsb } from '../testing/flash-board.ts';

// Boards that show a drive. `mount` and `umount` are played: the drive is a folder that lies at the mount point meanwhile.

const missing = MockUsb.missing();
let bus: MockUsb;
beforeAll(async () => {
  if (missing !== undefined) return;
  bus = await MockUsb.start();
  await bus.plug(debuggerOnUsb());
  await bus.plug(driveOnUsb({ label: 'V2M_MPS2' }));
  await bus.plug(driveOnUsb({ id: 'usb-ARM_Musca' }));
  await bus.plug(driveOnUsb({ path: '/dev/disk/by-id/usb-DAPLink' }));
});
afterAll(async () => { if (missing === undefined) await bus.end(); });

let board: FlashBoard;
beforeEach(() => { if (missing === undefined) stubUsb(bus); });
afterEach(() => board.remove());

const sleeping = 'sleep 60';

/** The drive has these files; what is on it when it was taken off is left in `drive`. */
function withDrive(options: ConstructorParameters<typeof FlashBoard>[1], files: Record<string, string> = {}, script = sleeping): FlashBoard {
  const made = new FlashBoard(script, { ...options, tools: ['mount', 'umount', ...(options.tools ?? [])] });
  mkdirSync(made.path('drive'));
  for (const [name, text] of Object.entries(files)) writeFileSync(made.path(`drive/${name}`), text);
  made.tools.does('mount', `for folder; do :; done; echo "$folder" > ${made.path('mounted')}; cp -a ${made.path('drive')}/. "$folder"`);
  made.tools.does('umount', `rm -rf ${made.path('drive')}; mkdir ${made.path('drive')}; cp -a "$1"/. ${made.path('drive')}; rm -rf "$1"/* "$1"/.[!.]*`);
  return made;
}

const onDrive = () => readdirSync(board.path('drive')).sort();
const commandsOf = (name: string) => board.tools.calls(name).map(([, ...words]) => words.map((word) => word.replace(/lava-drive-\w+/, 'DRIVE')));
const folder = expect.stringMatching(/\/DRIVE$/);

describe.skipIf(missing !== undefined)(`drives${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const mcc = `printf 'Press Enter to stop auto boot...'; read -r key; printf 'Cmd> '; while read -r line; do echo "$line"; case "$line" in eraseall) echo 'Erasing flash';; esac; printf 'Cmd> '; done`;
  const vemsd = { vemsd: { parameters: {
    mcc_prompt: 'Cmd>', autorun_prompt: 'Press Enter to stop auto boot', mcc_reset_msg: 'Powering up system', interrupt_char: ' ', msd_mount_cmd: 'usb_on',
    flash_prompt: 'Cmd>', flash_enter_cmd: 'flash', flash_erase_cmd: 'eraseall', flash_erase_msg: 'Erasing flash', flash_exit_cmd: 'exit',
  } } };

  test('vemsd: the whole drive is replaced by the recovery image', async () => {
    board = withDrive({ deploy: vemsd, device: { usb_filesystem_label: 'V2M_MPS2' } }, { 'old.txt': 'old', '.hidden': '' }, mcc);
    mkdirSync(board.path('content/SITE'), { recursive: true });
    writeFileSync(board.path('content/config.txt'), 'config');
    writeFileSync(board.path('content/SITE/images.txt'), 'images');
    expect(spawnSync('tar', ['-czf', board.path('recovery.tar.gz'), '-C', board.path('content'), '.']).status).toBe(0);
    const run = await board.run([{ deploy: { to: 'vemsd', recovery_image: { url: `file://${board.path('recovery.tar.gz')}`, compression: 'gz' } } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(actionsOf(run)).toEqual([
      'vexpress-fw-deploy-retry', 'vexpress-fw-deploy', 'download-retry', 'file-download', 'connect-device', 'reset-device', 'pdu-reboot', 'extract-vexpress-recovery-image', 'enter-vexpress-mcc',
      'enable-vexpress-usbmsd', 'wait-usb-mass-storage-device', 'mount-vexpress-usbmsd', 'deploy-vexpress-recovery-image', 'unmount-vexpress-usbmsd', 'erase-vexpress-flash', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(commandsOf('mount')).toEqual([['/dev/disk/by-label/V2M_MPS2', folder]]);
    expect(onDrive()).toEqual(['SITE', 'config.txt']);
    expect(run.records.filter((r) => r.lvl === 'input').map((r) => r.msg)).toEqual([' \n', 'usb_on\n', 'flash\n', 'eraseall\n', 'exit\n']);
  });

  test('vemsd: a controller that cannot be stopped', async () => {
    board = withDrive({ deploy: vemsd, device: { usb_filesystem_label: 'V2M_MPS2' } }, {}, "printf 'Powering up system'; sleep 60");
    writeFileSync(board.path('recovery.tar.gz'), '');
    spawnSync('tar', ['-czf', board.path('recovery.tar.gz'), '-T', '/dev/null']);
    const { outcome } = await board.run([{ deploy: { to: 'vemsd', recovery_image: { url: `file://${board.path('recovery.tar.gz')}`, compression: 'gz' } } }]);
    expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'MCC: Unable to interrupt auto-run', errorCode: 'bootloader-no-prompt', poweredOff: true });
  });

  test('mps: programs under other names, and the file that reboots the board', async () => {
    board = withDrive({ deploy: { mps: null }, device: { usb_filesystem_label: 'V2M_MPS2' } }, { 'config.txt': 'kept' });
    mkdirSync(board.path('drive/SOFTWARE'));
    const images = { test_binary_1: board.file('one.bin', { rename: 'SOFTWARE/an500.bin' }), test_binary_2: board.file('two.bin') };
    const run = await board.run([{ deploy: { to: 'mps', images } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(actionsOf(run).filter((name) => !name.endsWith('download') && name !== 'download-retry')).toEqual([
      'mps-deploy', 'disconnect-device', 'reset-device', 'pdu-reboot', 'wait-usb-mass-storage-device', 'mount-vexpress-usbmsd', 'deploy-mps-test-binary', 'deploy-mps-test-binary',
      'deploy-mps-reboot-txt', 'unmount-vexpress-usbmsd', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(onDrive()).toEqual(['SOFTWARE', 'config.txt', 'reboot.txt', 'two.bin']);
    expect(readFileSync(board.path('drive/SOFTWARE/an500.bin'), 'utf8')).toBe('one.bin\n');
    expect(readFileSync(board.path('drive/reboot.txt'), 'utf8')).toBe('hsyxhj');
    expect(board.isOff).toBe(true);
  });

  const musca = { musca: { id_serial: 'usb-ARM_Musca' } };

  test('musca: the drive comes again, and says nothing of a failure', async () => {
    board = withDrive({ deploy: musca }, { 'DETAILS.TXT': 'DAPLink' });
    const running = board.run([{ deploy: { to: 'musca', images: { test_binary: board.file('blinky.hex') } } }]);
    await waitUntil('the drive is taken off', () => board.tools.calls('umount').length === 1);
    await bus.plug(driveOnUsb({ id: 'usb-ARM_Musca' }));
    const run = await running;
    expect(run.messages('exception')).toEqual([]);
    expect(actionsOf(run)).toEqual([
      'musca-deploy', 'disconnect-device', 'download-retry', 'file-download', 'reset-device', 'pdu-reboot', 'wait-musca-path', 'mount-musca-usbmsd', 'deploy-musca-test-binary', 'unmount-musca-usbmsd',
      'wait-musca-path', 'mount-musca-usbmsd', 'check-musca-flash', 'unmount-musca-usbmsd', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(commandsOf('mount')).toEqual([['/dev/disk/by-id/usb-ARM_Musca', folder], ['/dev/disk/by-id/usb-ARM_Musca', folder]]);
    expect(onDrive()).toContain('blinky.hex');
    expect(board.isOff).toBe(true);
  });

  test('musca: the board tells that it was not written', async () => {
    board = withDrive({ deploy: musca });
    const running = board.run([{ deploy: { to: 'musca', images: { test_binary: board.file('blinky.hex') } } }]);
    await waitUntil('the drive is taken off', () => board.tools.calls('umount').length === 1 && existsSync(board.path('drive/blinky.hex')));
    writeFileSync(board.path('drive/FAIL.TXT'), 'The hex file cannot be decoded.\n');
    await bus.plug(driveOnUsb({ id: 'usb-ARM_Musca' }));
    const { outcome } = await running;
    expect(outcome).toMatchObject({
      errorType: 'Infrastructure', errorCode: 'flash-failed', errorMessage: 'Flash failure indicated by presence of FAIL.TXT (Details: The hex file cannot be decoded.)', poweredOff: true,
    });
    expect(board.tools.calls('umount').length).toBe(board.tools.calls('mount').length);
  });

  const cmsis = { 'cmsis-dap': { parameters: { usb_mass_device: '/dev/disk/by-id/usb-DAPLink', post_unmount_delay: 0 } } };

  let said: unknown[] = [];
  const run = (blocks: Parameters<FlashBoard['run']>[0]) => {
    said = [];
    return board.run(blocks, { listener: (record) => said.push(record.msg) });
  };

  /** The debugger takes the program away and shows its drive again, with these files. */
  async function takeProgram(files: Record<string, string>): Promise<void> {
    await waitUntil('the program', () => existsSync(board.path('mounted')) && existsSync(join(readFileSync(board.path('mounted'), 'utf8').trim(), 'zephyr.bin')));
    const place = readFileSync(board.path('mounted'), 'utf8').trim();
    renameSync(join(place, 'zephyr.bin'), board.path('flashed'));
    for (const name of readdirSync(place)) rmSync(join(place, name));
    await waitUntil('that the empty drive was seen', () => said.includes('The drive is empty: the debugger writes the program'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  }

  test('cmsis-dap: the drive goes and comes with the program in the board', async () => {
    board = withDrive({ boot: cmsis }, { 'DETAILS.TXT': 'Interface Version: 0255\n' });
    const running = run([board.program('zephyr.bin'), { boot: { method: 'cmsis-dap' } }]);
    await takeProgram({ 'DETAILS.TXT': '' });
    const done = await running;
    expect(done.messages('exception')).toEqual([]);
    expect(commandsOf('mount')).toEqual([['-t', 'vfat', '/dev/disk/by-id/usb-DAPLink', folder]]);
    expect(readFileSync(board.path('flashed'), 'utf8')).toBe('zephyr.bin\n');
    expect(done.messages('debug')).toContain('DETAILS.TXT: Interface Version: 0255');
    expect(actionsOf(done).slice(3)).toEqual(['boot-cmsis-retry', 'reset-device', 'pdu-reboot', 'wait-device-path', 'flash-cmsis', 'wait-usb-serial', 'connect-device', 'finalize', 'power-off', 'read-feedback']);
    expect(board.isOff).toBe(true);
  });

  test('cmsis-dap: what the debugger says of a failure', async () => {
    board = withDrive({ boot: cmsis });
    const running = run([board.program('zephyr.bin'), { boot: { method: 'cmsis-dap' } }]);
    await takeProgram({ 'FAIL.TXT': 'The interface firmware FAILED to reset/halt the target MCU\n' });
    const { outcome } = await running;
    expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'flash-failed', errorMessage: expect.stringContaining('FAIL.TXT present after file copying: The interface firmware FAILED'), poweredOff: true });
    expect(board.tools.calls('umount').length).toBe(1);
  });
});
