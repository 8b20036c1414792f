import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { dumpYaml } from '@lava/yaml';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, FlashBoard } from '../testing/flash-board.ts';

// Deployments that leave files on the worker for a later block, a booted system or a server, as whole jobs.

let board: FlashBoard;
afterEach(() => board.remove());

const definitions = [{ from: 'inline', name: 'smoke', path: 'inline/smoke.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'smoke' }, run: { steps: ['true'] } } }];
/** A test that nobody answers: what a deployment does for one. */
const unanswered = { test: { definitions, timeout: { seconds: 1 } } };
const { method: _method, ...login } = toShell;

describe('downloads', () => {
  test('files lie beside each other, and later blocks of the namespace find them', async () => {
    board = new FlashBoard(friendlyBoard, { tools: ['flash-it'], deploy: { flasher: { commands: ['flash-it {BOOT}'] } } });
    board.tools.does('flash-it', `cat "$1"; ls ${board.folder}/var/lib/lava/dispatcher/tmp/${board.id}/downloads/common`);
    const run = await board.run([
      { deploy: { to: 'downloads', images: { boot: board.file('boot.bin'), other: board.file('other.bin') } } }, { deploy: { to: 'flasher', images: { boot: { url: 'downloads://boot.bin' } } } },
    ]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(run.messages('debug')).toEqual(expect.arrayContaining(['>> boot.bin', '>> other.bin']));
    expect(actionsOf(run)).toEqual([
      'downloads', 'download-retry', 'file-download', 'download-retry', 'file-download', 'deploy-flasher-retry', 'deploy-flasher', 'download-retry', 'pre-downloaded', 'finalize', 'power-off', 'read-feedback',
    ]);
    expect(board.isOff).toBe(true);
  });

  test.each([['a file that nobody made', 'missing.bin'], ['a path that leads out', '../../../../../../../../etc/hostname']])('%s', async (_, name) => {
    board = new FlashBoard('', { deploy: { flasher: { commands: [] } } });
    const { outcome } = await board.run([{ deploy: { to: 'downloads', images: { boot: board.file('boot.bin') } } }, { deploy: { to: 'flasher', images: { boot: { url: `downloads://${name}` } } } }]);
    expect(outcome).toMatchObject({ errorType: 'Job', errorCode: 'download-404', errorMessage: expect.stringMatching(/^Resource unavailable: \S+ \(available: boot\.bin\)$/) });
  });
});

test('overlay: only the files of the tests', async () => {
  board = new FlashBoard(friendlyBoard, { deploy: { overlay: null } });
  const run = await board.run([{ deploy: { to: 'overlay', os: 'oe' } }, { boot: toShell }, unanswered]);
  expect(actionsOf(run).slice(0, 7)).toEqual(['lava-overlay', 'lava-multinode-overlay', 'test-definition', expect.any(String), expect.any(String), expect.any(String), expect.any(String)]);
  expect(actionsOf(run)).toContain('compress-overlay');
  expect(board.isOff).toBe(true);
});

describe('nfs', () => {
  const rootfs = () => {
    mkdirSync(board.path('content/etc'), { recursive: true });
    writeFileSync(board.path('content/etc/hostname'), 'board\n');
    execFileSync('tar', ['-cJf', board.path('rootfs.tar.xz'), '-C', board.path('content'), '.']);
    return { url: `file://${board.path('rootfs.tar.xz')}` };
  };
  const job = () => `${board.folder}/var/lib/lava/dispatcher/tmp/${board.id}`;

  test('the root file system has the files of the tests, and shells on the board know where it is', async () => {
    board = new FlashBoard('', { deploy: { nfs: null, image: undefined } });
    board.rewrite(`${friendlyBoard.replace("echo 'Linux", `ls -d ${job()}/extract-nfsrootfs-*/lava-${board.id}/bin ${job()}/extract-nfsrootfs-*/etc/hostname; echo 'Linux`)}`);
    const run = await board.run([{ deploy: { to: 'nfs', os: 'debian', nfsrootfs: rootfs() } }, { boot: toShell }, unanswered], {
      device: board.deviceYaml.replace(/^ {4}image:\n( {6}.*\n)*/m, ''), dispatcher: dumpYaml({ dispatcher_ip: '192.0.2.9' }),
    });
    const names = actionsOf(run);
    expect(names.slice(0, 4)).toEqual(['nfs-deploy', 'download-retry', 'file-download', 'extract-nfsrootfs']);
    expect(names).toEqual(expect.arrayContaining(['lava-overlay', 'extract-modules', 'apply-overlay-tftp', 'deploy-device-env']));
    expect(run.messages('target').join('\n')).toMatch(new RegExp(`etc/hostname[^]*lava-${board.id}/bin`));
    expect(run.messages('input')).toContain("export NFS_SERVER_IP='192.0.2.9'\n");
    expect(board.isOff).toBe(true);
  });

  test('qemu-nfs: the kernel of a virtual machine is told where its root is', async () => {
    const guest = `#!/bin/bash\nprintf 'QEMU emulator version 7.2\\n'; [ "$1" = --version ] && exit\n${friendlyBoard}`;
    board = new FlashBoard('', { deploy: { nfs: null }, boot: { 'qemu-nfs': { parameters: { command: '', options: ['-m 512'], append: { console: 'ttyAMA0', nfsrootargs: 'nfsroot={NFS_SERVER_IP}:{NFSROOTFS},tcp,hard,vers=3', ipargs: 'ip=dhcp' } } } }, device: { available_architectures: ['arm64'] } });
    writeFileSync(board.path('qemu'), guest, { mode: 0o755 });
    const images = { kernel: board.file('Image', { image_arg: '-kernel {kernel}' }), nfsrootfs: rootfs() };
    const run = await board.run([{ deploy: { to: 'nfs', images } }, { boot: { method: 'qemu-nfs', ...login } }], {
      device: board.deviceYaml.replace(/command: (''|"")/, `command: ${board.path('qemu')}`), dispatcher: dumpYaml({ dispatcher_ip: '192.0.2.9' }), job: { context: { arch: 'arm64' } },
    });
    expect(run.messages('exception')).toEqual([]);
    expect(actionsOf(run).slice(0, 6)).toEqual(['deploy-qemu-nfs', 'download-retry', 'file-download', 'download-retry', 'file-download', 'qemu-nfs-deploy']);
    const command = run.messages('info').find((line) => line.startsWith('Boot command: '));
    expect(command).toMatch(/qemu -m 512 -kernel \/\S+\/Image --append 'console=ttyAMA0 root=\/dev\/nfs nfsroot=192\.0\.2\.9:\/\S+qemu-nfs-deploy-\w+,tcp,hard,vers=3 rw ip=dhcp'$/);
    expect(board.isOff).toBe(true);
  });
});

describe('nbd', () => {
  /** What a server of block devices says first. */
  const greeting = (port: number) => new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (bytes) => { resolve(bytes.subarray(0, 8).toString()); socket.destroy(); });
    socket.once('error', reject);
  });
  const protocols = { 'lava-xnbd': [{ action: 'nbd-deploy', request: 'set_port' }] };
  const ubootMethod = { 'u-boot': { parameters: { bootloader_prompt: '=>' }, nbd: { commands: ['setenv bootargs nbd={NBDSERVERIP}:{NBDSERVERPORT}', 'tftp {KERNEL}', 'tftp {INITRD}', 'boot'] } } };
  const constants = { 'u-boot': { 'interrupt-prompt': 'Hit any key', 'interrupt-character': '', 'final-message': 'Starting kernel' } };

  test('a real server has the root file system while the job runs, and the bootloader is told where', async () => {
    board = new FlashBoard('', { deploy: { nbd: null }, boot: ubootMethod, constants });
    // It starts when the server has answered: the job, and with it the server, lasts until then.
    board.rewrite(`printf 'Hit any key'; read -r key; while printf '=> '; read -r line; do [ "$line" != boot ] || break; done; until [ -e ${board.path('greeted')} ]; do sleep 0.1; done; echo 'Starting kernel'; ${friendlyBoard}`);
    const images = { kernel: board.file('Image'), initrd: board.file('initrd'), nbdroot: board.file('root.img', {}, Buffer.alloc(1 << 20)) };
    let greeted: Promise<string> | undefined;
    let port = 0;
    const run = await board.run([{ deploy: { to: 'nbd', ...images, protocols } }, { boot: { method: 'u-boot', commands: 'nbd', ...login } }], {
      job: { protocols: { 'lava-xnbd': { port: 'auto' } } }, dispatcher: dumpYaml({ dispatcher_ip: '127.0.0.1', dispatcher_tftp_ip: '127.0.0.1:16969' }),
      listener: (record) => {
        const [, found] = /^setenv bootargs nbd=127\.0\.0\.1:(\d+)\n$/.exec(record.lvl === 'input' ? String(record.msg) : '') ?? [];
        if (found !== undefined) { port = Number(found); greeted = greeting(port).finally(() => writeFileSync(board.path('greeted'), '')); }
      },
    });
    expect(run.messages('exception')).toEqual([]);
    expect(await greeted).toBe('NBDMAGIC');
    expect(port).toBeGreaterThanOrEqual(55_000);
    expect(port).toBeLessThan(56_000);
    expect(run.messages('input')).toContainEqual(expect.stringMatching(/^tftp \d+\/nbd-deploy-\w+\/kernel\/Image\n$/));
    await expect(greeting(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(board.leftovers).toEqual([]);
    expect(actionsOf(run).slice(0, 9)).toEqual(['nbd-deploy', 'download-retry', 'file-download', 'download-retry', 'file-download', 'download-retry', 'file-download', 'prepare-kernel', 'xnbd-server-deploy']);
    expect(board.isOff).toBe(true);
  });

  test.each([
    ['no port', {}, { protocols }, 'No port set in parameters for lava-xnbd protocol!'],
    ['an NFS root beside it', { protocols: { 'lava-xnbd': { port: 'auto' } } }, { protocols, nfsrootfs: { url: 'file:///x' } }, 'nbd-deploy cannot be used with nfsrootfs'],
  ])('%s is told before anything runs', async (_, job, more, text) => {
    board = new FlashBoard('', { deploy: { nbd: null }, boot: ubootMethod, constants });
    const block = { to: 'nbd', kernel: board.file('Image'), initrd: board.file('initrd'), nbdroot: board.file('root.img'), ...more };
    expect((await board.run([{ deploy: block }], { job })).outcome.errorMessage).toContain(text);
  });

  test('a request that there is none of', async () => {
    board = new FlashBoard('', { deploy: { nbd: null }, boot: ubootMethod, constants });
    const block = { to: 'nbd', kernel: board.file('Image'), initrd: board.file('initrd'), nbdroot: board.file('root.img'), protocols: { 'lava-xnbd': [{ action: 'nbd-deploy', request: 'get_port' }] } };
    const { outcome } = await board.run([{ deploy: block }], { job: { protocols: { 'lava-xnbd': { port: 'auto' } } } });
    expect(outcome).toMatchObject({ errorType: 'Job', errorCode: 'protocol-call', errorMessage: 'Unrecognised API call in request.' });
  });
});

describe('disks of a running system', () => {
  const media = { parameters: { media: { usb: { 'UUID-required': true, stick: { uuid: 'usb-Stick_1-0:0', device_id: 0 } }, sata: { ssd: { uuid: 'ata-SSD', device_id: 1 } }, sd: { card: { uuid: 'mmc-card', device_id: 2 } } } } };
  const download = { tool: '/usr/bin/curl', options: '-s {DOWNLOAD_URL}', prompt: 'dd|curl' };

  test.each([['usb', 'stick', 'usb-Stick_1-0:0'], ['sata', 'ssd', 'ata-SSD'], ['sd', 'card', 'mmc-card']])('%s: the system fetches the image and writes it', async (to, name, uuid) => {
    board = new FlashBoard('', { device: media, tools: ['dd'] });
    board.tools.does('dd', `cat > ${board.path('written')}; echo '1+0 records out'`);
    board.rewrite(friendlyBoard.replace('eval "$line"', 'printf "%s\\n" "$line"; eval "$line"'));
    // The fetching is done by Node, which the worker has.
    writeFileSync(board.path('fetch'), '#!/usr/bin/env node\nfetch(process.argv[2]).then((r) => r.text()).then((t) => process.stdout.write(t));\n', { mode: 0o755 });
    const run = await board.run([{ boot: toShell }, { deploy: { to, device: name, image: board.file('disk.img'), download: { ...download, tool: board.path('fetch'), options: '{DOWNLOAD_URL}', prompt: 'fetch' } } }], { dispatcher: dumpYaml({ dispatcher_ip: '127.0.0.1' }) });
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(readFileSync(board.path('written'), 'utf8')).toBe('disk.img\n');
    expect(board.tools.calls('dd')).toEqual([['dd', `of=/dev/disk/by-id/${uuid}`, 'bs=4M']]);
    expect(actionsOf(run)).toEqual(expect.arrayContaining(['storage-deploy', 'download-retry', 'file-download', 'dd-image']));
    expect(run.messages('input').at(-1)).toMatch(new RegExp(`^\\S+/fetch http://127\\.0\\.0\\.1:\\d+/tmp/\\d+/disk\\.img \\| dd of='/dev/disk/by-id/${uuid}' bs=4M\\n$`));
    expect(existsSync(board.path('off'))).toBe(true);
  });

  test('what is missing is told before anything runs', async () => {
    board = new FlashBoard('', { device: media });
    const { outcome } = await board.run([{ deploy: { to: 'usb', device: 'stick', image: board.file('disk.img'), download: { tool: 'curl' }, tool: { prompts: [''] } } }]);
    for (const text of ['download tool parameter needs to be an absolute path', 'missing options for download tool', 'missing prompt for download tool', "items of 'tool prompts' cannot be empty"]) expect(outcome.errorMessage).toContain(text);
  });

  test('a disk that the device has not', async () => {
    board = new FlashBoard('', { device: media });
    expect((await board.run([{ deploy: { to: 'usb', device: 'other', image: board.file('disk.img'), download } }])).outcome).toMatchObject({ errorCode: 'deploy-not-supported', errorMessage: expect.stringContaining('removable: "uuid" is not in the parameters for the media device') });
  });
});
