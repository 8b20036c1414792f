import type { Render } from './upstream.ts';

// Dictionaries and job contexts for "qemu", whose options depend on more than other types'.

const context = { scheduled_device_name: 'board01', scheduled_device_type: 'qemu' };
const dictionary = (lines: string, given: Readonly<Record<string, unknown>> = { arch: 'amd64' }): Render => ({ source: `{% extends 'qemu.jinja2' %}\n${lines}`, context: { ...context, ...given } });

/** What labs and jobs say about virtual machines. */
export const qemuDictionaries: readonly Render[] = [
  ...['arm64', 'arm', 'aarch64', 'amd64', 'x86_64', 'hppa', 'i386', 'mips', 'mipsel', 'mips64', 'ppc', 'ppc64', 'ppc64le', 'riscv64', 'riscv32', 'sparc', 'sparc64', 's390x', 'm68k', 'nios2', 'xtensa', 'sh4'].flatMap((arch) => [
    dictionary('', { arch }), dictionary('', { arch, no_kvm: true, cpu: 'CPU', machine: 'MACHINE', memory: 2048 }),
  ]),
  dictionary('', {}),
  dictionary("{% set mac_addr = '52:54:00:12:34:01' %}\n{% set memory = 256 %}\n{% set no_kvm = True %}\n{% set guestfs_interface = 'virtio' %}\n{% set guestfs_size = 64 %}"),
  dictionary('', { arch: 'amd64', model: 'model=e1000', netdevice: 'tap', monitor: 'stdio', vga: '-vga std', serial: '-serial stdio', guestfs_driveid: 'x', guestfs_size: 1 }),
  dictionary("{% set extra_options = ['-smp 2', '-device x'] %}"), dictionary('', { arch: 'arm64', extra_options: ['-smp', 'cpus=1'] }), dictionary('', { arch: 'amd64', extra_options: '-smp 2' }), dictionary('', { arch: 'amd64', extra_options: [] }),
  ...['no', 0, 1, false, ''].map((no_kvm) => dictionary('', { arch: 'amd64', no_kvm })),
  dictionary('', { arch: 'amd64', boot_root: '/dev/x', boot_console: 'ttyX', extra_nfsroot_args: ',vers=3', console_device: 'ttyS1' }),
  dictionary("{% set connection_command = 'telnet localhost 7001' %}{% set power_on_command = 'pdu on 1' %}{% set power_off_command = ['a', 'b'] %}{% set hard_reset_command = 'reset' %}{% set soft_reboot_command = 'reboot' %}{% set pre_power_command = 'pp' %}{% set pre_os_command = 'po' %}"),
  dictionary("{% set connection_list = ['uart0', 'uart1'] %}{% set connection_commands = {'uart0': 'telnet a 1', 'uart1': 'ssh x'} %}{% set connection_tags = {'uart0': ['primary', 'telnet']} %}{% set must_use_connection = 'uart0' %}"),
  dictionary("{% set user_commands = {'x': {'do': 'echo 1', 'undo': ['echo 2', 'e']}, 'y': {'do': 'z', 'undo': 'q'}} %}"), dictionary("{% set power_on_command = 'on 1' %}"),
  dictionary("{% set recovery_mode_command = 'rm' %}{% set recovery_exit_command = 're' %}{% set connection_command = 'c' %}"),
  dictionary('', { arch: 'amd64', boot_character_delay: 5, deploy_character_delay: 0, test_character_delay: 3 }),
  dictionary("{% set device_info = [{'board_id': '1'}] %}{% set static_info = [{'a': 'b'}] %}{% set storage_info = [{'SATA': '/dev/x'}] %}{% set environment = {'A': 'B c'} %}"),
  dictionary("{% set fastboot_serial_number = '123' %}"), dictionary("{% set fastboot_serial_number = '123' %}{% set flash_cmds_order = ['a'] %}"),
  dictionary("{% set sata_uuid = 'u' %}{% set sd_uuid = 's' %}{% set sd_label = 'sdl' %}{% set sd_device_id = 1 %}{% set usb_uuid = 'us' %}{% set usb_device_id = 0 %}"),
  dictionary("{% set sata_uuid = 'u' %}{% set uuid_required = False %}{% set sata_id = 3 %}{% set sata_interface = 'x' %}{% set boot_part = 2 %}"),
  dictionary("{% set device_ip = '1.2.3.4' %}{% set device_mac = 'aa:bb' %}"), dictionary("{% set device_ip = '1.2.3.4' %}"), dictionary("{% set device_mac = 'aa:bb' %}"),
  dictionary('', { arch: 'amd64', lava_test_sh_cmd: '/bin/bash', lava_test_results_dir: '/data/lava-%s', lava_test_shell_file: '/x', kernel_start_message: 'ksm', shutdown_message: 'sd', default_shell_prompt: 'dsp', spawn_maxread: 100, failure_retry: 3, boot_retry: 4 }),
  dictionary('', { arch: 'amd64', kernel_start_message: '', uboot_extra_error_message: 'extra', interrupt_ctrl_list: ['c'], uboot_autoboot_prompt: 'p', uboot_interrupt_character: 'x', uboot_interrupt_newline: false, uboot_final_message: 'f' }),
  dictionary("{% set uboot_error_messages = ['a', 'b'] %}{% set dfu_download = 'dd' %}{% set depthcharge_final_message = 'x' %}{% set depthcharge_error_messages = ['e'] %}{% set depthcharge_extra_error_message = 'y' %}"),
  dictionary('', { arch: 'amd64', grub_autoboot_prompt: 'x', grub_interrupt_character: 'e', grub_interrupt_newline: true, ipxe_autoboot_prompt: 'i', ipxe_interrupt_ctrl_list: ['z'], barebox_autoboot_prompt: 'x', barebox_interrupt_character: 'e', barebox_final_message: 'm' }),
  dictionary('', { arch: 'amd64', action_timeout_lava_test_shell: 9, action_timeout_auto_login: 8, connection_timeout_feedback: 7, action_timeout_http_download: 6, action_timeout_u_boot_interrupt: 5, action_timeout_boot_qemu_image: 1, action_timeout_power_off: 99 }),
  dictionary("{% block qemu_options %}          options: ['-m 1']\n{% endblock %}"), dictionary('{% block body %}{% endblock %}'), dictionary('{% block timeouts %}timeouts: {actions: {}, connections: {}}{% endblock %}'),
];
