import { bool, either, integer, list, mapping, text, type Schema } from './schema.ts';

/** Variables that a job may hand to the device's template. */
export const contextVariables = [
  'arch', 'boot_console', 'boot_root', 'cpu', 'guestfs_driveid', 'guestfs_interface', 'guestfs_size', 'memory', 'model', 'netdevice',
  'extra_options', 'machine', 'monitor', 'no_kvm', 'no_network', 'serial', 'vga',
  ...['booti', 'bootm', 'bootz'].flatMap((command) => ['kernel', 'ramdisk', 'dtb'].map((what) => `${command}_${what}_addr`)),
  'uboot_needs_interrupt', 'uboot_altbank', 'uboot_extra_error_message',
  'extra_kernel_args', 'extra_nfsroot_args', 'custom_kernel_args', 'console_device', 'bootloader_prompt',
  'deploy_character_delay', 'boot_character_delay', 'test_character_delay',
  'failure_retry', 'boot_retry', 'kernel_start_message', 'lava_test_results_dir',
  'menu_interrupt_prompt', 'mustang_menu_list', 'tftp_mac_address', 'kernel_loglevel',
] as const;

// Python takes true for a number; it is named for people and editors.
const value = { ...either(integer(), text(), list(either(text(), integer(), bool())), bool()), about: 'a text, a whole number, true or false, or a list of them' };

/** @param extra variables that the server's settings allow beside LAVA's */
export function contextSchema(extra: readonly string[] = []): Schema {
  return mapping(Object.fromEntries([...contextVariables, ...extra].map((name) => [name, value])), { others: 'never', about: 'a mapping of variables for the device template' });
}
