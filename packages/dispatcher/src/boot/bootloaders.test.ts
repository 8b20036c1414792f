import { writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '@lava/testbed';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { FakeBoard, friendlyBoard, login as toShell } from '../testing/fake-board.ts';

// Bootloaders that do not run on a developer's machine: a script has their words, and takes what is typed to them.

let board: FakeBoard;
afterEach(() => board.remove());

const { method: _method, ...login } = toShell;

/** Stops at a key, answers lines at a prompt, and starts a kernel at a line that begins with one of the words in `boots`. */
const firmware = (banner: string, prompt: string, boots: string) => `
printf '%s' '${banner}'
IFS= read -rsn1 key
IFS= read -rs -t 0.2 rest
echo
while printf '%s' '${prompt}'; IFS= read -r line; do
  case "\${line%$'\\r'}" in ${boots}) break ;; *wrong*) echo 'ERROR: out of memory' ;; esac
done
echo 'Starting kernel ...'
${friendlyBoard}`;

function device(script: string, methods: object, more: object = {}): FakeBoard {
  const { constants = {}, ...rest } = more as { constants?: object };
  return new FakeBoard(script, { device: {
    actions: { deploy: { methods: { tftp: null }, parameters: { mkimage_arch: 'arm64' } }, boot: { connections: { serial: null }, methods } },
    constants: {
      failure_retry: 1, boot_retry: null, 'kernel-start-message': 'Linux version [0-9]', 'default-shell-prompt': '# ', 'shutdown-message': 'reboot', spawn_maxread: '4092',
      posix: { lava_test_results_dir: '/lava-%s', lava_test_sh_cmd: '/bin/sh', lava_test_shell_file: '~/.bashrc' }, ...constants,
    },
    ...rest,
  } });
}

const typed = (run: Awaited<ReturnType<FakeBoard['run']>>) => run.records.filter((r) => r.lvl === 'input').map((r) => r.msg);

const barebox = { barebox: { parameters: { bootloader_prompt: 'barebox' }, ramdisk: { commands: ['global.ip {SERVER_IP}', 'load {DTB}', 'boot {LAVA_JOB_ID}'] } } };
const bareboxConstants = { constants: { barebox: { 'interrupt-prompt': 'stop autoboot', 'interrupt-character': ' ', 'final-message': 'Starting kernel', 'error-messages': ['ERROR: out of memory'] } } };

test('barebox: lines that ask for what the job has not are left out', async () => {
  board = device(firmware('Hit any key to stop autoboot: 3', 'barebox:/ ', 'boot*'), barebox, bareboxConstants);
  const run = await board.run([{ boot: { method: 'barebox', commands: 'ramdisk', ...login } }], { dispatcher: dumpYaml({ dispatcher_ip: '192.0.2.9' }) });
  expect(run.outcome.result).toBe('pass');
  expect(typed(run)).toEqual([' \n', 'global.ip 192.0.2.9\n', `boot ${board.id}\n`, 'root\n']);
  expect(run.results.map((r) => r['case'])).not.toContain('bootloader-overlay');
});

test("a bootloader's message of failure ends the attempt, and the next one begins with a reset", async () => {
  board = device(firmware('Hit any key to stop autoboot: 3', 'barebox:/ ', 'boot*'), barebox, bareboxConstants);
  const run = await board.run([{ boot: { method: 'barebox', commands: ['something wrong', 'boot'], ...login } }]);
  expect(run.outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: "matched a bootloader error message: 'ERROR: out of memory' (1)", errorCode: 'bootloader-error' });
  expect(typed(run)).toEqual([' \n', 'something wrong\n']);
});

test.each([
  ['an unknown list', { commands: 'nfs' }, "Command 'nfs' not found in supported methods"],
  ['a line that is none', { commands: [{ a: 1 }] }, "Deploy Commands instruction is not a string: {'a': 1}"],
])('commands that cannot be typed are told before anything runs: %s', async (_, block, problem) => {
  board = device(firmware('stop autoboot', 'barebox:/ ', 'boot*'), barebox, bareboxConstants);
  const { outcome } = await board.run([{ boot: { method: 'barebox', ...block, ...login } }]);
  expect(outcome.errorMessage).toContain(problem);
});

test('depthcharge: the command line of the kernel is a file, kernel and ramdisk are one image', async () => {
  board = device(`printf 'Starting netboot\\n'; ${firmware('', 'dpch: ', 'tftpboot*').replace(/IFS= read -rs.*\n/g, '')}`, {
    depthcharge: { parameters: { start_message: 'Starting netboot', bootloader_prompt: 'dpch:' }, ramdisk: { cmdline: 'console=ttyS0 root=/dev/ram0', commands: ['tftpboot {SERVER_IP} {DEPTHCHARGE_KERNEL} {CMDLINE} {DEPTHCHARGE_RAMDISK}'] } },
  }, { parameters: { load_address: '0x44000000' }, constants: { depthcharge: { 'final-message': 'Starting kernel' } } });
  for (const name of ['Image', 'board.dtb']) writeFileSync(board.path(name), `${name}\n`.repeat(100));
  // Its serial port goes away with a reset: the connection is made anew, which takes one that can be ended.
  const { commands, ...rest } = loadYaml(board.deviceYaml) as { commands: { connect: string } };
  const { connect, ...others } = commands;
  const run = await board.run([
    { deploy: { to: 'tftp', kernel: { url: `file://${board.path('Image')}`, type: 'image' }, dtb: { url: `file://${board.path('board.dtb')}` } } },
    { boot: { method: 'depthcharge', commands: 'ramdisk', extra_kernel_args: 'quiet', ...login } },
  ], { device: dumpYaml({ ...rest, commands: { ...others, connections: { uart0: { connect, tags: ['primary', 'shell'] } } } }), dispatcher: dumpYaml({ dispatcher_ip: '127.0.0.1', dispatcher_tftp_ip: `127.0.0.1:${await freePort()}` }) });
  expect(run.outcome.errorMessage).toBeUndefined();
  expect(typed(run)[0]).toMatch(/^tftpboot 127\.0\.0\.1 (\d+\/tftp-deploy-\w+\/kernel\/)image\.itb \1cmdline \n$/);
  expect(run.messages('debug')).toContain('cmdline: console=ttyS0 root=/dev/ram0 quiet');
  expect(run.messages('debug').join('\n')).toMatch(/^>> FIT description: .*^>> {2}Configuration 0/ms);
});

const menu = `
while IFS= read -rs -t 0.3 early; do :; done
printf 'The default boot selection will start in 10 seconds'
IFS= read -rsn1 key
while printf '\\n[1] Linux from disk\\n[2] Shell\\n[a] Boot Manager\\nStart: '; read -r line; do
  case "\${line%$'\\r'}" in 2) shell=yes; break ;; a) printf 'Name of the entry: '; IFS= read -r name; echo "entry $name" ;; 1) break ;; esac
done
`;
const menuParameters = {
  interrupt_prompt: 'default boot selection', interrupt_string: ' ', item_markup: ['[', ']'], item_class: '0-9a', separator: ' ', bootloader_prompt: 'Start:',
};

test('uefi-menu: entries are chosen by their labels, and get the words of the job', async () => {
  board = device(`${menu} ${friendlyBoard}`, { 'uefi-menu': { parameters: menuParameters, line_separator: 'unix', disk: [
    { select: { items: ['Boot Manager'], wait: 'Name of the entry:' } },
    { select: { enter: 'TEST_MENU_NAME', wait: 'Start:' } },
    { select: { items: ['Linux'], fallback: 'Linux from disk' } },
  ] } });
  const run = await board.run([{ boot: { method: 'uefi-menu', commands: 'disk', ...login } }]);
  expect(run.messages('exception')).toEqual([]);
  expect(run.outcome.result).toBe('pass');
  expect(run.messages('debug').filter((m) => m.startsWith('Selecting option'))).toEqual(['Selecting option a', 'Selecting option 1']);
  expect(typed(run)).toContain('LAVA disk test image');
});

test('a label that no entry of the menu has', async () => {
  board = device(menu, { 'uefi-menu': { parameters: menuParameters, disk: [{ select: { items: ['Windows'] } }] } });
  const run = await board.run([{ boot: { method: 'uefi-menu', commands: 'disk', ...login } }]);
  expect(run.outcome).toMatchObject({ errorType: 'Job', errorMessage: 'No selection was made' });
  expect(run.messages('error')).toContain("The menu has no entry 'Windows'.");
});

test('uefi: through the menu into the shell, whose lines end as EFI wants', async () => {
  board = device(`${menu} printf 'Press ESC to skip startup.nsh'; ${firmware('', 'Shell> ', 'boot*')}`, {
    uefi: { parameters: { ...menuParameters, shell_interrupt_prompt: 'Press ESC', shell_interrupt_string: '\u001b', bootloader_prompt: 'Shell>', shell_menu: 'shell', menu_prompt: 'Start:' }, line_separator: 'unix',
      shell: [{ select: { items: ['Shell'] } }], disk: { commands: ['map -r', 'boot.efi'] } },
  });
  const run = await board.run([{ boot: { method: 'uefi', commands: 'disk', ...login } }]);
  expect(run.messages('exception')).toEqual([]);
  expect(run.outcome.result).toBe('pass');
  expect(typed(run)).toEqual(['\n\n', ' ', '2\n', '\u001b', 'map -r\r\n', 'boot.efi\r\n', 'root\r\n']);
});

test('grub-efi: the menu of the firmware leads to GRUB', async () => {
  board = device(`${menu} ${firmware('Press c for a command-line', 'grub> ', 'boot')}`, {
    'uefi-menu': { parameters: menuParameters, line_separator: 'unix', grub: [{ select: { items: ['Linux from disk'] } }] },
    'grub-efi': { menu_options: 'grub', parameters: { bootloader_prompt: 'grub>' }, disk: { commands: ['insmod linux', 'boot'] } },
  }, { constants: { grub: { 'interrupt-prompt': 'for a command-line' }, 'grub-efi': { 'interrupt-prompt': 'for a command-line', 'interrupt-character': 'c', 'interrupt-newline': false } } });
  const run = await board.run([{ boot: { method: 'grub-efi', commands: 'disk', ...login } }]);
  expect(run.messages('exception')).toEqual([]);
  expect(run.outcome.result).toBe('pass');
  expect(typed(run)).toContain('insmod linux\n');
});

test('kexec: another kernel from the running system', async () => {
  board = device(friendlyBoard.replace('eval "$line"', `case "$line" in
    '/sbin/kexec --load /k --initrd /i --reuse-cmdline') loaded=yes ;;
    '/sbin/kexec -e') [ "$loaded" ] && { echo 'Bye!'; echo 'Linux version 6.2'; printf 'board login: '; read -r user; } ;;
  esac`), { minimal: null });
  const run = await board.run([{ boot: toShell }, { boot: { method: 'kexec', kernel: '/k', initrd: '/i', options: ['--reuse-cmdline'], boot_message: 'Bye!', ...login } }]);
  expect(run.messages('exception')).toEqual([]);
  expect(run.outcome.result).toBe('pass');
  expect(typed(run)).toEqual(['root\n', '/sbin/kexec --load /k --initrd /i --reuse-cmdline\n', '/sbin/kexec -e\n', 'root\n', '\n']);
});
