import { any, bool, either, empty, integer, list, mapping, record, required, text, type Schema } from '@lava/job';
import { bootMethods } from './boot-methods.ts';
import { deployMethods, deployParameters } from './deploy-methods.ts';
import { anyMapping, command, flag, orEmpty, timeouts, word } from './shapes.ts';

const usbId = (about: string): Schema => text({ min: 4, max: 4, about });
const connections = (about: string): Schema => ({ ...either(mapping(Object.fromEntries(['serial', 'ssh', 'adb', 'fastboot', 'lxc'].map((name) => [name, any()]))), empty()), about });
const addresses = mapping({ kernel: text(), ramdisk: text(), dtb: text(), tee: text(), dtbo: text() }, { about: 'where kernel, RAM disk, device tree, TEE and overlays are loaded' });

const prompts = (about: string): Schema => mapping({
  'interrupt-prompt': text({ about: 'what it prints when it can be stopped' }), 'interrupt-character': text(), interrupt_ctrl_list: list(text(), { about: 'letters typed with Ctrl that stop it' }),
  'interrupt-newline': flag('Enter is typed after the character'), 'final-message': text({ about: 'its last words' }), 'error-messages': list(text(), { about: 'words that say that it failed' }),
  'dfu-download': text(),
}, { about });

const constants: Schema = mapping({
  posix: mapping({ lava_test_sh_cmd: text(), lava_test_results_dir: text({ about: 'the folder of the tests on the device; %s becomes the number of the job' }), lava_test_shell_file: text() }),
  ...Object.fromEntries(['barebox', 'u-boot', 'grub', 'grub-efi', 'ipxe', 'depthcharge', 'uefi', 'uefi-menu', 'fastboot'].map((name) => [name, prompts(`what ${name} prints`)])),
  'shutdown-message': text(), 'kernel-start-message': text({ about: 'how a kernel begins; empty: it is not waited for' }), 'default-shell-prompt': text(),
  spawn_maxread: either(text(), integer()), failure_retry: integer(), boot_retry: orEmpty(integer()),
}, { about: 'what the dispatcher looks for on consoles' });

const user = mapping({ do: required(command()), undo: command() }, { about: 'a command that jobs may run by its name' });

const commands: Schema = mapping({
  connect: text({ about: 'the program whose input and output are the console' }),
  connections: record(mapping({ connect: required(text()), tags: list(text()) }), { about: 'consoles, if there are several' }),
  must_use_connection: any('an image is only written while this console is connected'),
  hard_reset: command('cuts the power and gives it back'), soft_reboot: command('asks the system to reboot'), power_off: command(), power_on: command(),
  pre_power_command: command('is run before the board has power'), pre_os_command: command('is run before the system starts'),
  recovery_mode: command(), recovery_exit: command(),
  users: record(user, { about: 'commands that jobs may run by their names' }),
}, { about: 'programs on the worker' });

const disk = mapping({
  uuid: orEmpty(text({ about: 'its name below /dev/disk/by-id' })), device_id: either(integer(), text(), empty()), uboot_interface: text(), grub_interface: text(), boot_part: either(integer(), text()),
});
const disks: Schema = mapping({ 'UUID-required': bool() }, { others: disk, about: 'disks by their labels' });

const parameters: Schema = mapping({
  allow_test_services: bool(), interfaces: mapping({ target: mapping({ ip: word(), mac: word() }) }, { others: 'allow' }),
  media: mapping({ sata: disks, sd: disks, usb: disks }),
  image: addresses, booti: addresses, uimage: addresses, bootm: addresses, zimage: addresses, bootz: addresses,
  dtb_base_resize: integer(), load_address: text(), text_offset: text(), pass: empty(),
}, { about: 'addresses, disks and network addresses' });

/** Everything that the dispatcher reads in a device configuration. */
export const deviceConfiguration: Schema = mapping({
  hostname: text(), devicetype: text(),
  character_delays: mapping({ deploy: integer(), boot: integer(), test: integer() }, { about: 'milliseconds between typed characters' }),
  constants: required(constants), commands, parameters: required(parameters),
  adb_serial_number: text(), fastboot_serial_number: text(), fastboot_options: list(text()), fastboot_via_uboot: bool(), fastboot_auto_detection: flag(),
  device_info: list(anyMapping(), { about: "the board's USB devices" }), static_info: list(anyMapping(), { about: 'what is always connected' }), storage_info: list(anyMapping(), { about: 'disks, for the tests' }),
  environment: anyMapping('shell variables for the tests'), flash_cmds_order: list(text(), { about: 'the order in which partitions are written' }),
  board_id: text({ about: 'the serial number of the debugger or USB device' }), board_qdl_id: text(), usb_vendor_id: usbId('four hexadecimal digits'), usb_product_id: usbId('four hexadecimal digits'),
  usb_sleep: integer({ about: 'seconds to wait when a USB device has come' }), usb_filesystem_label: text(), usb_serial_driver: text(), available_architectures: list(text()),
  actions: required(mapping({
    deploy: required(mapping({ methods: required(orEmpty(mapping(deployMethods))), connections: connections('what connections deployments need'), parameters: deployParameters })),
    boot: required(mapping({ connections: required(connections('what connections there are')), methods: required(orEmpty(mapping(bootMethods))) })),
    test: mapping({ methods: orEmpty(mapping({ docker: orEmpty(mapping({ global_options: list(word()), options: list(word()) })) })) }),
  }, { about: 'what the device can do' })),
  timeouts: required(mapping({ actions: required(timeouts('of actions by their names')), connections: required(timeouts('of waits on the console by the names of actions')) }, { about: 'default times' })),
}, { about: 'a device configuration' });
