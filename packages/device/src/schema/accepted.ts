import { any, bool, either, empty, integer, list, mapping, record, required, text, type Schema } from '@lava/job';
import { deviceConfiguration } from './configuration.ts';
import { anyMapping, command, timeouts } from './shapes.ts';

const others = { others: 'allow' } as const;
const mappingOrEmpty = either(anyMapping(), empty());
const usbId = text({ min: 4, max: 4 });
const addresses = mapping({ kernel: text(), ramdisk: text(), dtb: text() }, others);

const actions: Schema = mapping({
  deploy: required(mapping({ methods: required(mappingOrEmpty), connections: mappingOrEmpty, parameters: anyMapping() }, others)),
  boot: required(mapping({ connections: required(mappingOrEmpty), methods: required(mappingOrEmpty) }, others)),
  test: mapping({ methods: either(mapping({ docker: either(mapping({ global_options: list(any()), options: list(any()) }, others), empty()) }, others), empty()) }, others),
}, others);

const commands: Schema = mapping({
  connect: text(), connections: record(mapping({ connect: required(text()), tags: list(text()) }, others)),
  ...Object.fromEntries(['hard_reset', 'soft_reboot', 'power_off', 'power_on', 'pre_power_command', 'pre_os_command'].map((name) => [name, command()])),
  users: record(mapping({ do: required(command()), undo: command() }, others)),
}, others);

/**
 * What LAVA's own check of devices refuses: the few things without which no job can run. All else that the dispatcher reads
 * is declared in `deviceConfiguration`, and what does not fit there is only a warning, as labs have devices that work
 * without.
 */
export const acceptedConfiguration: Schema = mapping({
  character_delays: record(integer()), constants: required(anyMapping()), commands,
  adb_serial_number: text(), fastboot_serial_number: text(), fastboot_options: list(text()), fastboot_via_uboot: bool(),
  device_info: list(anyMapping()), static_info: list(anyMapping()), storage_info: list(anyMapping()), environment: anyMapping(),
  flash_cmds_order: list(text()), board_id: text(), usb_vendor_id: usbId, usb_product_id: usbId, usb_sleep: integer(),
  usb_filesystem_label: text(), usb_serial_driver: text(), available_architectures: list(text()),
  actions: required(actions),
  parameters: required(mapping({
    allow_test_services: bool(), interfaces: anyMapping(), media: mapping({ sata: anyMapping(), sd: anyMapping(), usb: anyMapping() }, others),
    image: addresses, booti: addresses, uimage: addresses, bootm: addresses, zimage: addresses, bootz: addresses,
    dtb_base_resize: integer(), load_address: text(), text_offset: text(), pass: empty(),
  }, others)),
  timeouts: required(mapping({ actions: required(timeouts('times of actions')), connections: required(timeouts('times of waits on the console')) }, others)),
}, { ...others, sort: { name: () => 'device', of: { device: deviceConfiguration } } });
