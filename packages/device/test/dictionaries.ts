// What labs write into device dictionaries, in groups that do not disturb each other.

const set = (variables: Readonly<Record<string, string>>): string => Object.entries(variables).map(([name, value]) => `{% set ${name} = ${value} %}\n`).join('');

/** Lines of dictionaries for any device type, by what they are about. */
export const dictionaryLines: Readonly<Record<string, string>> = {
  trivial: '',
  connections: set({ connection_command: "'telnet localhost 7001'", hard_reset_command: "['reset', 'again']", power_on_command: "'on 1'", power_off_command: "'off 1'", soft_reboot_command: "'reboot'", pre_power_command: "'pp'", pre_os_command: "'po'" }),
  'several connections': set({ connection_list: "['uart0', 'uart1']", connection_commands: "{'uart0': 'telnet a 1', 'uart1': 'ssh x'}", connection_tags: "{'uart0': ['primary', 'telnet']}", user_commands: "{'x': {'do': 'echo 1', 'undo': 'echo 2'}}" }),
  identity: set({ device_info: "[{'board_id': '7'}]", static_info: "[{'a': 'b'}]", storage_info: "[{'SATA': '/dev/x'}]", environment: "{'A': 'B c'}", device_ip: "'1.2.3.4'", device_mac: "'aa:bb'", board_id: "'B1'", usb_vendor_id: "'1234'", usb_product_id: "'5678'", fastboot_serial_number: "'F1'", adb_serial_number: "'A1'", fastboot_options: "['-i', '0x1']", flash_cmds_order: "['boot', 'rootfs']" }),
  media: set({ sata_uuid: "'u'", sd_uuid: "'s'", sd_label: "'sdl'", sd_device_id: '1', usb_uuid: "'us'", usb_device_id: '2' }),
  console: set({ console_device: "'ttyQ0'", bootloader_prompt: "'PROMPT'", interrupt_prompt: "'stop'", interrupt_char: "'x'", boot_character_delay: '7', kernel_start_message: "'Linux'", extra_kernel_args: "'quiet debug'", extra_nfsroot_args: "',vers=3'" }),
  'u-boot': set({ uboot_altbank: 'True', uboot_set_mac: 'True', uboot_mac_addr: "'aa:bb'", uboot_needs_usb: 'True', uboot_bootx_cmd: "'GO'", uboot_ipaddr_cmd: "'bootp'", uboot_load_fdt: "'load fdt'", uboot_ums_flash: 'True', uboot_mass_storage_device: "'/dev/x'", uboot_needs_interrupt: 'False', deploy_dfu_commands: "['dfu 0']", uboot_error_messages: "['bad']", uboot_method_fit: 'True', flasher_deploy_commands: "['flash it', 'and again']" }),
  'u-boot, own commands': set({ uboot_tftp_commands: "['load {KERNEL_ADDR} {KERNEL}', 'load {DTB_ADDR} {DTB}']", uboot_usb_commands: "['usb reset now']", uboot_initrd_high: "'0x1'", uboot_fdt_high: "'0x2'", base_high_limits: 'True', ums_command: "'ums 9'", usb_uuid: "'us'" }),
  uuu: set({ uuu_usb_otg_path: "'1:2'", uuu_corrupt_boot_media_command: "['mmc erase']", uuu_power_off_before_corrupt_boot_media: 'True', uuu_docker_image: "'image'", uuu_remote_options: "'--tlsverify'", bcu_board_name: "'b'", bcu_board_id: "'2-1.1'" }),
  addresses: set({ booti_kernel_addr: "'0x1'", booti_ramdisk_addr: "'0x2'", booti_dtb_addr: "'0x3'", bootm_kernel_addr: "'0x4'", bootm_ramdisk_addr: "'0x5'", bootm_dtb_addr: "'0x6'", bootz_kernel_addr: "'0x7'", bootz_ramdisk_addr: "'0x8'", bootz_dtb_addr: "'0x9'", use_uboot_env_addr: 'False', use_mainline_uboot: 'True' }),
  ssh: set({ ssh_host: "'10.0.0.9'", ssh_user: "'lava'", ssh_port: '2222', ssh_identity_file: "'/key'" }),
  'boot loaders': set({ efi_grub: 'True', efinet: 'True', net_interface: "'efinet1'", has_dtb: 'True', grub_installed_device: "'(hd0,gpt2)'", grub_needs_interrupt: 'False', boot_interface: "'net1'", lava_mac_address: "'aa:cc'", start_message: "'go'", fit_kernel_load_address: "'0x9'", mkimage_fit_arch: "'arm64'", depthcharge_tftp_commands: "'          - tftp it'", load_addr: "'0x1'", initrd_load_addr: "'0x2'", schroot_name_list: "['sid']", fastboot_sequence: "['reboot']" }),
  'PXE that has no network': set({ efi_grub: 'True', pxe_net_configured: 'False' }),
  microcontrollers: set({ board_id: "'0123'", usb_mass_device: "'/dev/disk/by-id/x'", resets_after_flash: 'False', id_serial: "'i'", connect_before_flash: 'True', mps_hard_reboot: 'True', mps_reboot_string: "'S'", usb_filesystem_label: "'L'" }),
  containers: set({ docker_remote: "'tcp://h'", docker_cpus: '1.5', docker_memory: "'5G'", docker_privileged: 'True', docker_capabilities: "['X']", docker_devices: "['/dev/x']", docker_networks: "['n']", docker_volumes: "['a:b']", docker_extra_arguments: "['--x=y']", fvp_docker_cpus: '2', fvp_docker_devices: "['/dev/y']" }),
  'constants and timeouts': set({ lava_test_results_dir: "'/data/lava-%s'", default_shell_prompt: "'dsp'", failure_retry: '3', action_timeout_lava_test_shell: '9', connection_timeout_feedback: '7', grub_autoboot_prompt: "'g'", ipxe_autoboot_prompt: "'i'", barebox_final_message: "'m'" }),
};
