import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FastbootUsb, MockUsb } from '@lava/testbed';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, debuggerOnUsb, driveOnUsb, FlashBoard, stubUsb } from '../testing/flash-board.ts';

// Whole jobs with vendors' and the lab's programs, whose words are compared.

let board: FlashBoard;
afterEach(() => board.remove());

const { method: _method, ...login } = toShell;

/** Calls with the job's folder left out. */
const calls = (name?: string) => board.tools.calls(name).map((words) => words.map((word) => word.replaceAll(/\/\S*\/([\w-]+)-\w{6}\//g, '<$1>/')));

describe('flasher', () => {
  const flasher = (commands: unknown, more: object = {}) => new FlashBoard('', {
    tools: ['flash-it'], deploy: { flasher: { commands } }, commands: { hard_reset: 'pdu cycle 4', soft_reboot: ['a', 'b'] }, device: { static_info: [{ port: 4 }] }, ...more,
  });

  test('commands of the device get the names of files, from the folder in which they lie', async () => {
    board = flasher(["flash-it --boot {BOOT} --reset '{HARD_RESET_COMMAND}' {SOFT_REBOOT_COMMAND} {POWER_ON_COMMAND}", 'flash-it {RECIPE} "{STATIC_INFO}"']);
    board.tools.does('flash-it', `[ "$1" != --boot ] || cmp "$2" ${board.path('boot.bin')} || exit 9`);
    const run = await board.run([{ deploy: { to: 'flasher', images: { boot: board.file('boot.bin'), recipe: { url: 'https://example.org/recipe', download: false } } } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(calls()).toEqual([
      ['flash-it', '--boot', 'boot/boot.bin', '--reset', 'pdu cycle 4', '[a,', 'b]', '{POWER_ON_COMMAND}'], ['flash-it', 'https://example.org/recipe', expect.stringContaining('port: 4')],
    ]);
    expect(actionsOf(run)).toEqual(['deploy-flasher-retry', 'deploy-flasher', 'download-retry', 'file-download', 'finalize', 'power-off', 'read-feedback']);
    expect(run.results.find((r) => r['case'] === 'file-download')).toMatchObject({ result: 'pass', extra: { label: 'boot' } });
    expect(board.isOff).toBe(true);
  });

  test('a program that fails is tried again, and is the lab’s fault', async () => {
    board = flasher(['flash-it {BOOT}']);
    board.tools.says('flash-it', 'no board found\n', 4);
    const run = await board.run([{ deploy: { to: 'flasher', images: { boot: board.file('boot.bin') }, failure_retry: 2, failure_retry_interval: 0 } }]);
    expect(run.outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'flash-failed', errorMessage: 'Unable to flash the device', poweredOff: true });
    expect(calls().length).toBe(2);
  });

  test('commands that are no list are told before anything runs', async () => {
    board = flasher('flash-it');
    expect((await board.run([{ deploy: { to: 'flasher', images: {} } }])).outcome.errorMessage).toContain("'commands' should be a list");
  });
});

describe('usbg-ms', () => {
  test('the worker shows the image, and stops to with the job', async () => {
    board = new FlashBoard(friendlyBoard, { tools: ['usbg'], deploy: { 'usbg-ms': { enable: ['usbg', 'on', 'file={IMAGE}'], disable: ['usbg', 'off'] } } });
    const run = await board.run([{ deploy: { to: 'usbg-ms', image: board.file('disk.img') } }, { boot: toShell }]);
    expect(run.messages('exception')).toEqual([]);
    expect(calls()).toEqual([['usbg', 'off'], ['usbg', 'on', expect.stringMatching(/^file=.*\/image\/disk\.img$/)], ['usbg', 'off']]);
    expect(actionsOf(run).slice(0, 4)).toEqual(['usbg-ms', 'download-retry', 'file-download', 'minimal-boot']);
    expect(board.isOff).toBe(true);
  });

  test('a gadget that cannot be had', async () => {
    board = new FlashBoard('', { tools: ['usbg', 'usbg-off'], deploy: { 'usbg-ms': { enable: ['usbg', '{IMAGE}'], disable: ['usbg-off'] } } });
    board.tools.says('usbg', 'no UDC\n', 1);
    const { outcome } = await board.run([{ deploy: { to: 'usbg-ms', image: board.file('disk.img') } }]);
    expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'usb-gadget' });
    expect(calls('usbg-off').length).toBe(2);
  });

  test('other settings than the two are refused', async () => {
    board = new FlashBoard('', { deploy: { 'usbg-ms': { enable: ['true'] } } });
    expect((await board.run([{ deploy: { to: 'usbg-ms', image: board.file('disk.img') } }])).outcome).toMatchObject({ errorType: 'Configuration', errorCode: 'device-configuration' });
  });
});

test('recovery: into the mode, files for it, and out of it', async () => {
  board = new FlashBoard(friendlyBoard, {
    tools: ['relay', 'pdu'], commands: { power_on: 'pdu on', power_off: 'pdu off' },
    deploy: { recovery: { commands: { recovery_mode: ['relay 1 on', 'relay 2 on'], recovery_exit: 'relay all off' }, tags: ['serial'] } },
  });
  const run = await board.run([
    { boot: { method: 'recovery', commands: 'recovery' } }, { deploy: { to: 'recovery', images: { firmware: board.file('firmware.bin') } } }, { boot: { method: 'recovery', commands: 'exit' } },
  ]);
  expect(run.messages('exception')).toEqual([]);
  expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(calls()).toEqual([['pdu', 'off'], ['relay', '1', 'on'], ['relay', '2', 'on'], ['pdu', 'on'], ['pdu', 'off'], ['relay', 'all', 'off'], ['pdu', 'on'], ['pdu', 'off']]);
  expect(actionsOf(run)).toEqual([
    'recovery-boot', 'power-off', 'switch-recovery', 'power-on', 'deploy-recovery-mode', 'download-retry', 'file-download', 'connect-device', 'recovery-boot', 'power-off', 'switch-recovery', 'power-on',
    'finalize', 'power-off', 'read-feedback',
  ]);
});

test('recovery: a relay that fails', async () => {
  board = new FlashBoard('', { deploy: { recovery: { commands: { recovery_mode: 'false', recovery_exit: 'true' } } } });
  const { outcome } = await board.run([{ boot: { method: 'recovery', commands: 'recovery' } }]);
  expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'power-failed', errorMessage: "Unable to switch recovery mode: 'false' failed" });
});

const missing = MockUsb.missing();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;
describe.skipIf(missing !== undefined)(`on USB${skipped}`, () => {
  let bus: MockUsb;
  beforeAll(async () => {
    bus = await MockUsb.start();
    await bus.plug(debuggerOnUsb({ vendor: '05c6', product: '9008', serial: '', name: '1a2b3c' }));
    await bus.plug(driveOnUsb({ path: '/dev/disk/by-path/usb-ums' }));
  });
  afterAll(() => bus.end());
  beforeEach(() => stubUsb(bus));

  /** An archive with what qdl writes. */
  function qcomflash(): string {
    mkdirSync(board.path('content'));
    for (const name of ['prog.mbn', 'rawprogram0.xml', 'patch0.xml']) writeFileSync(board.path(`content/${name}`), name);
    execFileSync('/usr/sbin/mke2fs', ['-q', '-F', '-t', 'ext4', board.path('content/rootfs.img'), '6M']);
    execFileSync('tar', ['-czf', board.path('flash.tar.gz'), '-C', board.path('content'), '.']);
    return `file://${board.path('flash.tar.gz')}`;
  }
  const qdlDevice = { device: { board_qdl_id: '1a2b3c', usb_vendor_id: '05c6', usb_product_id: '9008' }, boot: { qdl: { parameters: { 'enter-commands': ['relay edl'] } } }, tools: ['qdl', 'relay'] };
  const qdlBoot = { method: 'qdl', firehose_program: 'prog.mbn', rawprogram: 'rawprogram0.xml', patch: 'patch0.xml', storage: 'ufs', debug: true };

  test('qdl: the archive is unpacked, and written from its folder', async () => {
    board = new FlashBoard(friendlyBoard, qdlDevice);
    board.tools.does('qdl', `[ "$1" = --version ] || pwd > ${board.path('cwd')}; [ "$1" = --version ] || cat prog.mbn rawprogram0.xml`);
    board.tools.does('relay', '');
    const run = await board.run([{ deploy: { to: 'qdl', qcomflash: { url: qcomflash(), compression: 'gz' } } }, { boot: { ...qdlBoot, ...login } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(calls()).toEqual([['qdl', '--version'], ['relay', 'edl'], ['qdl', '--debug', '--storage', 'ufs', '--serial', '1a2b3c', 'prog.mbn', 'rawprogram0.xml', 'patch0.xml']]);
    expect(run.messages('debug')).toContain('>> prog.mbnrawprogram0.xml');
    expect(actionsOf(run)).toEqual([
      'qdl-deploy', 'download-retry', 'file-download', 'unpack-qdl', 'boot-qdl-retry', 'connect-device', 'reset-device', 'pdu-reboot', 'enter-qdl', 'wait-qdl-device', 'flash-qdl',
      'auto-login-action', 'login-action', 'export-device-env', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(board.isOff).toBe(true);
  });

  test.skipIf(spawnSync('qdl').error !== undefined)('qdl: the one of Debian 12 cannot choose a board, and is refused', async () => {
    board = new FlashBoard('', { ...qdlDevice, tools: ['relay'] });
    expect((await board.run([{ boot: qdlBoot }])).outcome).toMatchObject({ errorType: 'Configuration', errorCode: 'program-too-old', errorMessage: expect.stringContaining('qdl 2.0 or later is needed') });
  });

  test('qdl: one that is too old is told before anything runs', async () => {
    board = new FlashBoard('', qdlDevice);
    board.tools.says('qdl', 'qdl version 1.0\n');
    const { outcome } = await board.run([{ boot: qdlBoot }]);
    expect(outcome).toMatchObject({ errorType: 'Configuration', errorCode: 'program-too-old' });
  });

  test('qdl: the root file system gets the files of the tests', async () => {
    board = new FlashBoard('', { ...qdlDevice });
    const definitions = [{ from: 'inline', name: 'smoke', path: 'inline/smoke.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'smoke' }, run: { steps: ['true'] } } }];
    board.tools.does('qdl', `[ "$1" = --version ] || /usr/sbin/debugfs -R 'ls -p /lava-${board.id}/bin' rootfs.img 2>/dev/null`);
    board.tools.says('relay', '');
    const run = await board.run([
      { deploy: { to: 'qdl', os: 'oe', qcomflash: { url: qcomflash(), 'apply-overlay': true } } }, { boot: qdlBoot }, { test: { definitions, timeout: { seconds: 1 } } },
    ]);
    expect(run.messages('debug').join('\n')).toContain('/lava-test-runner/');
    expect(actionsOf(run)).toContain('apply-overlay-qdl');
  });

  const ubootPrompt = { 'interrupt-prompt': 'Hit any key', 'interrupt-character': '', 'final-message': 'Starting kernel' };
  const ubootShell = `printf 'Hit any key'; read -r key; while printf '=> '; read -r line; do echo "$line"; [ "\${line%% *}" != boot ] || break; done; echo 'Starting kernel'`;

  test("u-boot-ums: the image goes to the disk that U-Boot shows, and U-Boot is stopped", async () => {
    board = new FlashBoard('', {
      tools: ['bmaptool'], deploy: { 'u-boot-ums': null }, constants: { 'u-boot': ubootPrompt },
      boot: { 'u-boot': { parameters: { bootloader_prompt: '=>', uboot_ums_flash: true, uboot_mass_storage_device: '/dev/disk/by-path/usb-ums' }, ums: { commands: ['ums 0 mmc 0'] } } },
    });
    // The second start, after the reset, is that of the system: a reset is a new process behind the same line.
    board.rewrite(`printf 'Hit any key'; read -r key; printf '=> '; read -r line; echo "got $line"; trap 'stopped=yes' INT; while [ -z "$stopped" ]; do sleep 0.05; done; ${friendlyBoard}`);
    const run = await board.run([{ deploy: { to: 'u-boot-ums', image: board.file('disk.img') } }, { boot: { method: 'u-boot', commands: 'ums', ...login } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(calls()).toEqual([
      ['bmaptool', 'create', '--output', expect.stringMatching(/disk\.img\.layout$/), expect.stringMatching(/disk\.img$/)],
      ['bmaptool', '--quiet', 'copy', '--bmap', expect.stringMatching(/disk\.img\.layout$/), expect.stringMatching(/disk\.img$/), '/dev/disk/by-path/usb-ums'],
    ]);
    expect(run.messages('target')).toContain('got ums 0 mmc 0');
    const names = actionsOf(run);
    expect(names.slice(names.indexOf('bootloader-commands'), names.indexOf('auto-login-action'))).toEqual(['bootloader-commands', 'wait-device-path', 'flash-uboot-ums', 'reset-device', 'pdu-reboot']);
    expect(board.isOff).toBe(true);
  });

  const uuuOptions = {
    usb_otg_path: ['1:2', '1:3'], usb_otg_path_command: null, corrupt_boot_media_command: ['mmc erase 0 0x400'], power_off_before_corrupt_boot_media: false, docker_image: '', remote_options: '',
    bcu_board_name: 'imx8mpevk', bcu_board_id: '1-2.3', bcu_board_id_command: null,
  };
  const uuuBoard = (options: object = {}) => new FlashBoard(ubootShell, {
    tools: ['uuu', 'bcu', 'timeout'], constants: { 'u-boot': ubootPrompt }, boot: { 'u-boot': { parameters: { bootloader_prompt: '=>' } }, uuu: { options: { ...uuuOptions, ...options } } },
  });

  test('uuu: a board whose boot medium works is made to wait for uuu, and written', async () => {
    board = uuuBoard();
    board.tools.says('timeout', '', 143);
    const images = { boot: board.file('imx-boot.bin'), system: board.file('system.wic') };
    const run = await board.run([{ deploy: { to: 'uuu', images } }, { boot: { method: 'uuu', commands: [{ uuu: '-b emmc_all {boot} {system}' }, { FB: 'done' }] } }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    const boot = expect.stringMatching(/imx-boot\.bin$/);
    const paths = ['-m', '1:2', '-m', '1:3'];
    expect(calls()).toEqual([
      ['timeout', '--preserve-status', '10', 'uuu', ...paths, boot], ['uuu', ...paths, '-b', 'emmc_all', boot, expect.stringMatching(/system\.wic$/)], ['uuu', ...paths, 'FB:', 'done'],
    ]);
    expect(run.messages('target')).toContain('mmc erase 0 0x400');
    expect(actionsOf(run).slice(5)).toEqual([
      'uuu-boot-retry', 'uuu', 'disconnect-device', 'reset-device', 'pdu-reboot', 'check-serial-availability', 'boot-corrupt-boot-media', 'connect-device', 'bootloader-interrupt', 'corrupt-boot-media-commands',
      'disconnect-device', 'reset-device', 'pdu-reboot', 'connect-device', 'uuu-boot', 'disconnect-device', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(board.isOff).toBe(true);
  });

  test('uuu: the controller of the kit switches it, and is let go even if uuu fails', async () => {
    board = uuuBoard();
    board.tools.says('uuu', 'Wait for Known USB Device Appear...\nError: Timeout\n', 255);
    const run = await board.run([{ deploy: { to: 'uuu', images: { boot: board.file('imx-boot.bin') } } }, { boot: { method: 'uuu', commands: [{ bcu: 'reset usb' }, { SDPS: 'boot -f {boot}' }] } }]);
    expect(run.outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'flash-failed', poweredOff: true });
    expect(calls()).toEqual([
      ['bcu', 'reset', 'usb', '-board=imx8mpevk', '-id=1-2.3'], ['uuu', '-m', '1:2', '-m', '1:3', 'SDPS:', 'boot', '-f', expect.stringMatching(/imx-boot\.bin$/)], ['bcu', 'deinit', '-board=imx8mpevk', '-id=1-2.3'],
    ]);
  });

  describe.skipIf(spawnSync('uuu', ['-h']).error !== undefined)('uuu, the real one', () => {
    let chip: FastbootUsb;
    let port: number;
    beforeAll(async () => {
      chip = new FastbootUsb('B0A2D');
      port = await bus.play(chip);
    });
    const flash = async () => {
      board = new FlashBoard(ubootShell, {
        tools: ['bcu'], constants: { 'u-boot': ubootPrompt },
        boot: { 'u-boot': { parameters: { bootloader_prompt: '=>' } }, uuu: { options: { ...uuuOptions, usb_otg_path: [`3:${port}`, '3:99'] } } },
      });
      return board.run([{ deploy: { to: 'uuu', images: { boot: board.file('imx-boot.bin') } } }, {
        boot: { method: 'uuu', commands: [{ bcu: 'reset usb' }, { FB: 'ucmd setenv fastboot_dev mmc' }, { FB: 'flash bootloader {boot}' }, { FB: 'done' }] },
      }]);
    };

    test('the board is told, and written', async () => {
      const run = await flash();
      expect(run.messages('exception')).toEqual([]);
      expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
      expect(chip.commands).toEqual(['UCmd:setenv fastboot_dev mmc', 'download:0000000d', 'flash:bootloader']);
      expect(chip.partitions.get('bootloader')?.toString()).toBe('imx-boot.bin\n');
    });

    test('a board that refuses', async () => {
      chip.answer = (command) => (command.startsWith('UCmd') ? 'FAILno such command' : undefined);
      const run = await flash();
      expect(run.outcome).toMatchObject({ errorType: 'Infrastructure', errorCode: 'flash-failed', errorMessage: expect.stringMatching(/^command failed: uuu -m 3:\d+ -m 3:99 FB: ucmd /), poweredOff: true });
    });
  });

  test('uuu: in a container that the device names; nothing is left of it', async () => {
    board = new FlashBoard(ubootShell, {
      tools: ['docker'], constants: { 'u-boot': ubootPrompt },
      boot: { 'u-boot': { parameters: { bootloader_prompt: '=>' } }, uuu: { options: { ...uuuOptions, docker_image: 'lab/uuu:1' } } },
    });
    const run = await board.run([{ deploy: { to: 'uuu', images: { boot: board.file('imx-boot.bin') } } }, { boot: { method: 'uuu', commands: [{ bcu: 'reset usb' }] } }]);
    expect(run.messages('exception')).toEqual([]);
    const container = expect.stringMatching(/^(--name=)?lava-/);
    const boot = expect.stringMatching(/^--mount=type=bind,source=(\S+imx-boot\.bin),destination=\1$/);
    const commands = board.tools.calls('docker').filter(([, word]) => word !== 'pull' && word !== 'inspect');
    expect(commands.slice(0, 3)).toEqual([
      ['docker', 'run', '--rm', '--init', container, '--detach', '--privileged', '--volume=/dev:/dev', '--net=host', boot, '--env=DISABLE_SUMMARY=true', 'lab/uuu:1', 'sleep', 'infinity'],
      ['docker', 'exec', container, 'bcu', 'reset', 'usb', '-board=imx8mpevk', '-id=1-2.3'], ['docker', 'rm', '--force', container],
    ]);
    expect(commands.slice(3).map(([, word]) => word)).toEqual(['run', 'exec', 'rm']);
  });

  test('uuu: a path that is none', async () => {
    board = uuuBoard({ usb_otg_path: 'usb3' });
    const { outcome } = await board.run([{ deploy: { to: 'uuu', images: { boot: board.file('imx-boot.bin') } } }, { boot: { method: 'uuu', commands: [{ bcu: 'reset usb' }, { FB: 'x' }] } }]);
    expect(outcome).toMatchObject({ errorType: 'Configuration', errorCode: 'usb-path' });
  });
});
