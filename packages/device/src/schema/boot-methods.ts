import { any, bool, either, integer, list, mapping, text, type Schema } from '@lava/job';
import { bootLoader, bootLoaderParameters, command, flag, menuParameters, method, orEmpty, word } from './shapes.ts';

const container: Readonly<Record<string, Schema>> = {
  cpus: any('how many processors it may use'), memory: any('how much memory it may use: 0 for all, or 2G'), privileged: flag('it may do everything'),
  capabilities: list(text()), devices: list(text()), networks: list(text()), volumes: list(text()), extra_arguments: list(text()),
  remote: word('the Docker daemon, if it is not the worker’s'), ubl_license: word('the code that activates the model'),
};

const uboot: Schema = bootLoader('U-Boot', {
  ...bootLoaderParameters,
  uboot_altbank: flag('there is a second copy of U-Boot'), uboot_altbank_cmd: text({ about: 'the command that starts it' }),
  uboot_ums_flash: flag('U-Boot can show its disk over USB'), uboot_mass_storage_device: text({ about: "the worker's name of that disk" }),
  apply_dtbo_commands: list(text(), { about: 'commands for each device tree overlay' }), mkimage_arch: text(),
});

const qemuParameters: Readonly<Record<string, Schema>> = {
  command: orEmpty(text({ about: 'the program' })), boot_options: orEmpty(mapping({}, { others: 'allow' })),
  options: list(text(), { about: 'arguments of QEMU; each may hold several words' }), extra: either(list(text()), text()),
};

/** What the dispatcher reads below `actions.boot.methods`, by the name of the method. */
export const bootMethods: Readonly<Record<string, Schema>> = {
  minimal: method('a machine that starts by itself'),
  ssh: method('a machine that is reached over ssh'),
  schroot: bootLoader('changed roots on a machine that is reached over ssh', {}, { command: orEmpty(text()), name: either(text(), list(text()), orEmpty(text())) }),
  kexec: method('a kernel that is started by another'),
  new_connection: method('another connection to the device'),
  recovery: method('a mode in which the firmware can be written'),
  'u-boot': uboot,
  barebox: bootLoader('barebox', bootLoaderParameters),
  grub: bootLoader('GRUB', bootLoaderParameters, { reset_device: flag('false: the device has been reset already'), sequence: list(text(), { about: 'actions that replace the usual ones' }) }),
  'grub-efi': bootLoader('GRUB, which a menu of UEFI starts', bootLoaderParameters, { reset_device: flag(), menu_options: text({ about: 'the way through the menu: a key of "uefi-menu"' }), line_separator: text() }),
  ipxe: bootLoader('iPXE', bootLoaderParameters),
  depthcharge: bootLoader('depthcharge of Chromebooks', { ...bootLoaderParameters, start_message: text({ about: 'what it prints first' }) }),
  uefi: bootLoader("UEFI's shell", {
    ...menuParameters, shell_interrupt_prompt: text(), shell_interrupt_string: text(), shell_menu: text(), menu_boot_message: text(), menu_prompt: text(), line_separator: text(),
  }),
  'uefi-menu': bootLoader("UEFI's menu", menuParameters, { menu_options: text(), line_separator: text() }),
  fastboot: { ...either(list(text()), mapping({}, { others: 'allow' }), text(), orEmpty(text())), about: 'the steps that start a system with fastboot, such as reboot or boot' },
  dfu: method('firmware written over USB with dfu-util', {
    implementation: text({ about: 'u-boot, or hardware' }), reset_works: bool('the device restarts after it was written'),
    parameters: orEmpty(mapping({ command: text(), options: either(list(text()), text(), integer()), 'enter-commands': orEmpty(list(text())) })),
  }),
  'cmsis-dap': method('a debugger whose drive takes files', { parameters: orEmpty(mapping({ usb_mass_device: text({ about: "the worker's name of the drive" }), resets_after_flash: flag('the board starts by itself then') })) }),
  pyocd: method('a debugger, with pyOCD', { parameters: mapping({ command: word(), options: list(text()), connect_before_flash: flag('the console is opened first') }) }),
  jlink: method("SEGGER's debugger", {
    parameters: mapping({
      command: text(), address: integer({ about: 'where the program goes' }), processor: text(), supported_core_types: list(text()), erase_command: list(text()), reset_command: list(text()), options: list(text()),
    }),
  }),
  openocd: method('a debugger, with OpenOCD', {
    board_selection_cmd: text({ about: 'the command that tells boards apart' }),
    parameters: mapping({ command: text(), options: mapping({ file: list(text()), search: list(orEmpty(text())), command: list(text()), debug: integer() }) }),
  }),
  gdb: orEmpty(mapping({ parameters: mapping({ command: text(), wait_before_continue: integer({ about: 'seconds' }) }) }, {
    others: mapping({
      commands: list(text()), arguments: list(text()), docker: mapping({ use: flag(), container: text(), devices: list(text()) }),
    }),
    about: 'a debugger that starts the program',
  })),
  musca: method("Arm's Musca boards"),
  qdl: method("Qualcomm's emergency download mode", { parameters: orEmpty(mapping({ 'enter-commands': orEmpty(list(text())) }, { others: 'allow' })) }),
  uuu: method("NXP's uuu", {
    options: mapping({
      usb_otg_path: either(text(), list(text()), orEmpty(text())), usb_otg_path_command: orEmpty(command()), corrupt_boot_media_command: orEmpty(command('how U-Boot is made to start in the mode for uuu')),
      power_off_before_corrupt_boot_media: flag(), docker_image: word(), remote_options: word(), bcu_board_name: word("the kit's name for NXP's BCU"), bcu_board_id: word(), bcu_board_id_command: orEmpty(command()),
      has_bcu_commands: any(), additional_bcu_cleanup_commands: orEmpty(command()),
    }),
  }),
  docker: method('containers', { options: mapping(container) }),
  fvp: method("Arm's models", { options: orEmpty(mapping(container)) }),
  avh: method('Arm Virtual Hardware', { options: mapping({}, { others: 'allow' }) }),
  nodebooter: { ...either(text(), mapping({}, { others: 'allow' }), orEmpty(text())), about: 'a service that starts nodes' },
  qemu: method('virtual machines', { parameters: mapping(qemuParameters) }),
  'qemu-nfs': method('virtual machines with their root file system on NFS', { parameters: mapping({ ...qemuParameters, append: mapping({}, { others: 'allow' }) }) }),
  lxc: method('containers of LXC, which were removed'),
};
