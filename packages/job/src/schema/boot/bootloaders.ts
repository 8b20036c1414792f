import { any, beyond, bool, list, required, text } from '../schema.ts';
import { textOrList } from '../common.ts';
import { bootMethod, commands, prompts, shellKeys, useBootscript } from '../boot-keys.ts';

const reset = beyond(bool('false: leave the device as it is'));

const grub = {
  commands: required(commands),
  ...shellKeys,
  boot_finished: { ...textOrList, about: 'what the console shows when an installer has finished' },
  expect_shell: bool(),
  use_bootscript: useBootscript,
  reset,
};

/** Keys of a boot from a disk that a deployment has written. */
const fromMedia = {
  kernel: beyond(text()), ramdisk: beyond(text()), dtb: beyond(text()), root_uuid: beyond(text()), boot_part: beyond(any()),
  kernel_type: beyond(text()), type: beyond(text()),
};

/** Methods that talk to a bootloader. */
export const bootloaders = {
  'u-boot': bootMethod('u-boot', { commands: required(commands), ...shellKeys, use_bootscript: useBootscript, reset, ...fromMedia }, 'commands for U-Boot'),
  barebox: bootMethod('barebox', { commands: required(commands), ...shellKeys }, 'commands for barebox'),
  depthcharge: bootMethod('depthcharge', { commands: required(commands), extra_kernel_args: text({ about: 'more words for the command line of the kernel' }), ...shellKeys, use_bootscript: useBootscript }, 'commands for depthcharge'),
  grub: bootMethod('grub', { ...grub, ...fromMedia }, 'commands for GRUB'),
  'grub-efi': bootMethod('grub-efi', { ...grub, ...fromMedia }, 'commands for GRUB that is started from a menu of UEFI'),
  ipxe: bootMethod('ipxe', { commands: required(commands), ...shellKeys, use_bootscript: useBootscript }, 'commands for iPXE'),
  bootloader: bootMethod('bootloader', {
    bootloader: required(text({ about: 'the method whose bootloader is stopped at' })),
    commands: required(list(text(), { about: 'commands for the bootloader' })),
    use_bootscript: useBootscript,
    prompts,
    reset_connection: beyond(bool()), reset_device: beyond(bool()), reset,
  }, 'a stop at the prompt of the bootloader'),
  uefi: bootMethod('uefi', { commands: required(commands), shell_menu: text({ about: 'the entry of the menu that starts the shell; empty: there is no menu' }), prompts, auto_login: shellKeys.auto_login, transfer_overlay: beyond(shellKeys.transfer_overlay) }, 'commands for the shell of UEFI'),
  'uefi-menu': bootMethod('uefi-menu', { commands: text({ about: "the name of a walk through the menu in the device's configuration" }), line_separator: text({ about: 'dos or unix' }), prompts, auto_login: shellKeys.auto_login }, 'a walk through the menu of UEFI'),
  kexec: bootMethod('kexec', {
    boot_message: required(text({ about: 'a regular expression for the first words of the new kernel' })),
    ...shellKeys,
    deploy: bool('fetch kernel, device tree and root file system to the device first'),
    command: text({ about: 'the path of kexec on the device' }),
    kernel: text(), dtb: text(), initrd: text(),
    options: list(text()), 'kernel-config': text(), on_panic: bool('start the new kernel by a crash of the old'),
  }, 'a new kernel started by the one that runs'),
};
