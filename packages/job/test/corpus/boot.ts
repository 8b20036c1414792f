// Boot blocks that are valid, by name; the groups are those of `deploy.ts`.

const login = { login_prompt: 'login:', username: 'root' };
const password = { ...login, password_prompt: 'Password:', password: 'secret', login_commands: ['su'] };
const transfer = { download_command: 'wget', unpack_command: 'tar -C / -xzf' };
const shell = { prompts: ['# '], auto_login: { ...login, login_commands: ['ls'] }, transfer_overlay: transfer };
const docker = { image: 'debian:12', local: true, container_name: 'a', network_from: 'b' };

export const classic: Readonly<Record<string, object>> = {
  'qemu': { method: 'qemu', media: 'tmpfs', connection: 'serial', ...shell, docker: { ...docker, binary: '/usr/bin/qemu' } },
  'qemu, one prompt': { method: 'qemu', prompts: '# ', auto_login: password },
  'qemu-nfs': { method: 'qemu-nfs', connection: 'serial', ...shell },
  'qemu-iso': { method: 'qemu-iso', media: 'img', prompts: ['# '], auto_login: password },
  'monitor': { method: 'monitor' },
  'docker': { method: 'docker', command: 'bash', prompts: ['# '], 'downloads-namespace': 'a' },
  'fvp': { method: 'fvp', docker: { name: 'fvp:latest', local: true }, image: '/opt/model', arguments: ['-C a={SOFTWARE}'], console_string: 'port (?P<PORT>\\d+)', feedbacks: ['x'], use_telnet: false, license_variable: 'a=b', version_string: 'v', ...shell },
  'u-boot': { method: 'u-boot', commands: 'ramdisk', ...shell, use_bootscript: true },
  'u-boot, own commands': { method: 'u-boot', commands: ['dhcp', 'boot'], parameters: { 'kernel-start-message': 'a', 'shutdown-message': 'b' }, soft_reboot: ['reboot'] },
  'barebox': { method: 'barebox', commands: 'nfs', ...shell },
  'depthcharge': { method: 'depthcharge', commands: 'nfs', extra_kernel_args: 'quiet', ...shell, use_bootscript: false },
  'grub': { method: 'grub', commands: 'nfs', ...shell, boot_finished: 'done', expect_shell: false, use_bootscript: false },
  'grub-efi': { method: 'grub-efi', commands: ['boot'], ...shell, boot_finished: ['done'], soft_reboot: 'reboot' },
  'ipxe': { method: 'ipxe', commands: 'nfs', ...shell, use_bootscript: true },
  'bootloader': { method: 'bootloader', bootloader: 'u-boot', commands: [], prompts: ['=> '], use_bootscript: false },
  'uefi': { method: 'uefi', commands: 'a', shell_menu: 'EFI Shell', prompts: ['# '], auto_login: login },
  'uefi-menu': { method: 'uefi-menu', commands: 'tftp', line_separator: 'dos', prompts: ['# '], auto_login: password },
  'kexec': { method: 'kexec', boot_message: 'Linux', ...shell, deploy: true, command: '/sbin/kexec', kernel: '/k', dtb: '/d', initrd: '/i', options: ['--reuse-cmdline'], 'kernel-config': '/proc/config.gz', on_panic: false },
  'cmsis-dap': { method: 'cmsis-dap' }, 'dfu': { method: 'dfu' }, 'jlink': { method: 'jlink' }, 'openocd': { method: 'openocd' }, 'pyocd': { method: 'pyocd' },
  'gdb': { method: 'gdb', commands: 'a', container: 'gdb' },
  'musca': { method: 'musca', prompts: ['# '] },
  'uuu': { method: 'uuu', commands: [{ SDP: 'boot {boot}' }, { FB: 'flash a {b}' }], docker },
  'minimal': { method: 'minimal', ...shell, pre_power_command: true, pre_os_command: false, reset: false },
  'minimal, nothing': { method: 'minimal' },
  'fastboot': { method: 'fastboot', commands: ['continue'], use_bootscript: true, ...shell, docker },
  'new_connection': { method: 'new_connection', connection: 'uart1', ...shell },
  'ssh': { method: 'ssh', connection: 'ssh', prompts: ['# '], parameters: { hostID: 'ipv4', host_key: 'ipaddr' } },
  'schroot': { method: 'schroot', connection: 'ssh', schroot: 'unstable', prompts: ['# '] },
  'recovery': { method: 'recovery', commands: 'recovery' },
  'recovery, exit': { method: 'recovery', commands: 'exit' },
};

export const newer: Readonly<Record<string, object>> = {
  'qdl': { method: 'qdl', firehose_program: 'a', rawprogram: 'b', patch: 'c', path: '.', storage: 'ufs', debug: true },
  'avh': { method: 'avh', bootargs: { normal: 'a', restore: 'b' }, prompts: ['# '], auto_login: login },
  'nodebooter': { method: 'nodebooter', command: 'a' },
  'zmodem': { method: 'minimal', prompts: ['# '], transfer_overlay: { transfer_method: 'zmodem', unpack_command: 'tar' } },
  'http': { method: 'minimal', prompts: ['# '], transfer_overlay: { ...transfer, transfer_method: 'http' } },
  'last words of the bootloader': { method: 'u-boot', commands: 'a', parameters: { 'bootloader-final-message': 'a' } },
  'no kernel messages': { method: 'minimal', ignore_kernel_messages: true },
};

export const beyond: Readonly<Record<string, object>> = {
  'u-boot, no reset': { method: 'u-boot', commands: 'a', reset: false },
  'failure message': { method: 'minimal', failure_message: 'panic' },
  'disk': { method: 'u-boot', commands: 'usb', kernel: '/boot/k', kernel_type: 'zimage', root_uuid: 'a', boot_part: 1 },
  'bootloader, no reset': { method: 'bootloader', bootloader: 'u-boot', commands: [], reset_device: false, reset_connection: false },
  'prompts of a microcontroller': { method: 'jlink', prompts: ['ok'], commands: ['r'] },
};
