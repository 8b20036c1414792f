import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { dumpYaml } from '@lava/yaml';
import { diskMegabytes } from '../deploy/iso-installer.ts';
import { friendlyBoard, login as toShell } from '../testing/fake-board.ts';
import { actionsOf, FlashBoard } from '../testing/flash-board.ts';
import { fillArgument } from './fvp-container.ts';

// Models in containers, whose `docker` is played, and installations from CD images, whose QEMU is a script.

let board: FlashBoard;
afterEach(() => board.remove());

const { method: _method, ...login } = toShell;

describe('fvp', () => {
  const boot = {
    method: 'fvp', image: '/opt/model/FVP_Base_RevC', docker: { name: 'example/fvp:1', local: true }, arguments: ['-C kernel={KERNEL}', '-C dir={ARTIFACT_DIR}', '-C json={{}}'],
    console_string: 'terminal_0: Listening for serial connection on port (?P<PORT>\\d+)', feedbacks: ['(?P<NAME>terminal_1): Listening for serial connection on port (?P<PORT>\\d+)'], ...login,
  };
  /** Its `docker` starts a model that tells of its consoles, and connects to the first. */
  function model(consoles: string): FlashBoard {
    const made = new FlashBoard('', { tools: ['docker'], boot: { fvp: null } });
    writeFileSync(made.path('console.sh'), friendlyBoard);
    made.tools.does('docker', `case "$*" in
      version*) echo 24.0; exit 0 ;;
      *--version) echo 'Fast Models [11.25.15 (Feb 21 2024)]'; exit 0 ;;
      run*script.sh) for word; do case "$word" in *:/root/script.sh) cp "\${word%%:*}" ${made.path('script.sh')} ;; esac; done; printf '${consoles}'; exec sleep 60 ;;
      exec*telnet*) exec bash ${made.path('console.sh')} ;;
    esac`);
    return made;
  }

  test('the model tells where its console is, and that becomes the device', async () => {
    board = model('terminal_1: Listening for serial connection on port 5001\\nterminal_0: Listening for serial connection on port 5000\\n');
    const run = await board.run([{ deploy: { to: 'fvp', images: { kernel: board.file('Image') } } }, { boot }]);
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    const name = expect.stringMatching(/^lava-fvp-\d+-2\.1\.2$/);
    const started = board.tools.calls('docker').find((words) => words.includes('/root/script.sh'));
    expect(started).toEqual([
      'docker', 'run', '--rm', '--interactive', '--tty', '--hostname', 'lava', '--name', name, '--volume', expect.stringMatching(/^\/\S+\/Image:\/lava-fvp-\S+\/Image$/),
      '--volume', expect.stringMatching(/script\.sh:\/root\/script\.sh$/), 'example/fvp:1', 'sh', '/root/script.sh',
    ]);
    expect(readFileSync(board.path('script.sh'), 'utf8')).toMatch(/^#!\/bin\/sh\nexec \/opt\/model\/FVP_Base_RevC -C kernel=\/lava-fvp-\S+\/Image -C dir=\/lava-fvp-\S+ -C json=\{\}\n$/);
    expect(board.tools.calls('docker')).toContainEqual(['docker', 'exec', '--interactive', '--tty', name, 'telnet', 'localhost', '5000']);
    expect(board.tools.calls('docker').at(-1)).toEqual(['docker', 'rm', '--force', name]);
    expect(run.results.find((r) => r['case'] === 'check-fvp-version')).toMatchObject({ extra: { 'fvp-version': 'Fast Models [11.25.15 (Feb 21 2024)]' } });
    expect(actionsOf(run)).toEqual([
      'fvp-deploy', 'download-retry', 'file-download', 'boot-fvp', 'boot-fvp-main', 'check-fvp-version', 'run-fvp', 'fvp-serial-connect', 'read-feedback', 'read-feedback', 'auto-login-action', 'login-action',
      'finalize', 'power-off', 'read-feedback',
    ]);
    expect(board.leftovers).toEqual([]);
    expect(board.isOff).toBe(true);
  });

  test('a model that never tells', async () => {
    board = model('Error: no license\\n');
    const { outcome } = await board.run([{ deploy: { to: 'fvp', images: { kernel: board.file('Image') } } }, { boot: { ...boot, timeouts: { 'run-fvp': { seconds: 2 } } } }]);
    expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'run-fvp timed out after 2 seconds', poweredOff: true });
    expect(board.leftovers).toEqual([]);
  });

  test('braces that are no placeholders are doubled', () => {
    board = model('');
    expect(fillArgument('{A}:{{A}}', new Map([['A', '1']]))).toBe('1:{A}');
    expect(() => fillArgument('{B}', new Map())).toThrow("Key 'B' does not exist, may need escaping");
  });
});

describe('iso-installer', () => {
  /** A CD image with a kernel and a ramdisk. */
  function iso(): string {
    mkdirSync(board.path('cd/install'), { recursive: true });
    for (const name of ['vmlinuz', 'initrd.gz']) writeFileSync(board.path(`cd/install/${name}`), name);
    execFileSync('bsdtar', ['--format=iso9660', '-cf', board.path('cd.iso'), '-C', board.path('cd'), '.']);
    return `file://${board.path('cd.iso')}`;
  }
  /** QEMU: the first time it installs, the second it is the installed system. */
  const machine = (installer: string) => {
    board = new FlashBoard('', { boot: { qemu: { parameters: { command: '', options: ['-m 512'], boot_options: { console: 'ttyS0,38400n8', boot_order: 'c' } } } }, device: { available_architectures: ['amd64'] } });
    writeFileSync(board.path('qemu'), `#!/bin/bash
case "$*" in *-append*) tail -c +1 "$(sed 's/.*-kernel \\([^ ]*\\).*/\\1/' <<< "$*")"; echo; ${installer} ;; *) echo 'Loading initial ramdisk ...'; ${friendlyBoard} ;; esac`, { mode: 0o755 });
    return board.deviceYaml.replace(/command: (''|"")/, `command: ${board.path('qemu')}`);
  };
  const deploy = () => ({
    to: 'iso-installer', os: 'debian_installer', images: { iso: { url: iso(), image_arg: '-cdrom {iso}' }, preseed: board.file('preseed.cfg', {}, 'd-i debian-installer/locale string en_US\n') },
    iso: { installation_size: '8M', kernel: '/install/vmlinuz', initrd: '/install/initrd.gz' },
  });
  const boot = { method: 'qemu-iso', media: 'img', ...login };
  const options = { job: { context: { arch: 'amd64' } }, dispatcher: dumpYaml({ dispatcher_ip: '127.0.0.1', dispatcher_tftp_ip: '127.0.0.1:16970' }) };

  test('the installer runs with its own kernel, then the installed system', async () => {
    const device = machine("echo 'reboot: Power down'; sleep 60");
    const run = await board.run([{ deploy: deploy() }, { boot }], { ...options, device });
    expect(run.messages('exception')).toEqual([]);
    expect(run.outcome).toEqual({ result: 'pass', poweredOff: true });
    const [install, installed] = run.messages('info').filter((line) => line.startsWith('Boot command: '));
    expect(install).toMatch(/qemu -m 512 -drive format=raw,file=\S+\/hd\.img -boot c -kernel \S+\/install\/vmlinuz -initrd \S+\/install\/initrd\.gz -append 'auto=true install .* preseed\/url=tftp:\/\/127\.0\.0\.1\/\d+\/deploy-iso-installer-\w+\/preseed\/preseed\.cfg --- console=ttyS0,38400n8' -cdrom \S+cd\.iso$/);
    expect(installed).toMatch(/qemu -m 512 -drive format=raw,file=\S+\/hd\.img$/);
    expect(run.messages('target')).toContain('vmlinuz');
    expect(actionsOf(run)).toEqual([
      'deploy-iso-installer', 'prepare-empty-image', 'download-retry', 'file-download', 'download-retry', 'file-download', 'configure-preseed-file', 'pull-installer-files', 'prepare-qemu-commands',
      'boot-installer-iso', 'execute-installer-command', 'monitor-installer-connection', 'reboot-into-installed', 'auto-login-action', 'login-action', 'expect-shell-connection', 'export-device-env',
      'finalize', 'power-off', 'read-feedback',
    ]);
    expect(board.isOff).toBe(true);
  });

  test('an installer that fails', async () => {
    const device = machine("echo 'ERROR: Installation step failed'; sleep 60");
    const { outcome } = await board.run([{ deploy: deploy() }, { boot }], { ...options, device });
    expect(outcome).toMatchObject({ errorType: 'Job', errorCode: 'installation-failed', poweredOff: true });
  });

  test('sizes of disks', () => {
    machine('');
    expect(diskMegabytes('2G')).toBe(2048);
    expect(diskMegabytes('800M')).toBe(800);
    for (const [size, text] of [[2, 'installation size needs to be a string'], ['G', 'needs to contain a digit'], ['2T', 'Unable to recognise size indication in 2T'], ['9G', 'cannot exceed 8192 Mb']]) expect(() => diskMegabytes(size)).toThrow(String(text));
  });
});
