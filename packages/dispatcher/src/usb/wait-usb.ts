import { sleep } from '@lava/base';
import { isMapping, pythonRepr } from '@lava/job';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { needUdev, waitForDevice } from './udev.ts';
import type { UdevRecord } from './udev-records.ts';

type Device = Readonly<Record<string, unknown>>;

/** Values that device types have where a device dictionary has to fill in its own. */
const placeholders = { board_id: '0000000000', usb_vendor_id: '0000', usb_product_id: '0000' } as const;

function needIds(a: Action, where: string, keys: readonly (keyof typeof placeholders)[]): void {
  needUdev();
  for (const key of keys) if (a.job.device[key] === placeholders[key]) a.error(`${key === 'board_id' ? where : ''}${key} unset`);
}

const has = (wanted: UdevRecord) => (device: UdevRecord) => Object.entries(wanted).every(([key, value]) => value === '' || device[key] === value);

/** The device's own USB ids; what its configuration does not name matches everything. */
const idsOf = (device: Device): UdevRecord => ({
  ID_SERIAL_SHORT: asText(device['board_id'] ?? ''), ID_VENDOR_ID: asText(device['usb_vendor_id'] ?? ''), ID_MODEL_ID: asText(device['usb_product_id'] ?? ''),
});

function waitAction(name: string, what: string, needs: { ids: readonly (keyof typeof placeholders)[]; where: string }, wanted: (device: Device) => UdevRecord, after?: (a: Action) => Promise<void>): ActionSpec {
  return {
    name, summary: `wait for ${what}`, description: `wait for ${what}`, timeoutError: 'Infrastructure',
    validate(a) {
      needIds(a, needs.where, needs.ids);
      if (a.job.device['usb_sleep'] !== undefined && !Number.isInteger(a.job.device['usb_sleep'])) a.error('usb_sleep should be an integer');
    },
    async run(a) {
      const properties = wanted(a.job.device);
      a.log.debug(`Waiting for ${what}: ${pythonRepr(properties)}`);
      await waitForDevice(a, has(properties));
      await after?.(a);
    },
  };
}

const allIds = ['board_id', 'usb_vendor_id', 'usb_product_id'] as const;

/** The board's serial port, where it is on the board's own USB. */
export const waitUsbSerial = waitAction('wait-usb-serial', 'USB serial device', { ids: allIds, where: '[USBSERIAL] ' },
  (device) => ({ SUBSYSTEM: 'tty', ...idsOf(device), ID_USB_DRIVER: asText(device['usb_serial_driver'] ?? 'cdc_acm') }),
  async (a) => {
    const seconds = a.job.device['usb_sleep'];
    if (typeof seconds !== 'number' || seconds <= 0) return;
    a.log.debug(`Waiting for the board to setup, sleeping ${seconds}s`);
    await sleep(seconds * 1000, a.signal);
  });

/** A board that waits to be flashed by DFU. */
export const waitDfuDevice = waitAction('wait-dfu-device', 'DFU device', { ids: allIds, where: '[DFU] ' }, (device) => ({ SUBSYSTEM: 'usb', DEVTYPE: 'usb_device', ...idsOf(device) }));

/** A Qualcomm board in its emergency download mode. */
export const waitQdlDevice = waitAction('wait-qdl-device', 'QDL device', { ids: ['usb_vendor_id', 'usb_product_id'], where: '[QDL] ' }, (device) => ({
  SUBSYSTEM: 'usb', ID_VENDOR_ID: asText(device['usb_vendor_id'] ?? ''), ID_MODEL_ID: asText(device['usb_product_id'] ?? ''), ID_PRODUCT: asText(device['board_qdl_id'] ?? device['board_id'] ?? ''),
}));

/** A partition that the board shows as a USB disk. */
export const waitUsbMassStorage: ActionSpec = {
  name: 'wait-usb-mass-storage-device', summary: 'wait for USB mass storage device', description: 'wait for USB mass storage device', timeoutError: 'Infrastructure',
  validate(a) {
    needUdev();
    const label = a.job.device['usb_filesystem_label'];
    if (typeof label !== 'string') a.error('usb_filesystem_label unset');
  },
  async run(a) {
    const properties = { SUBSYSTEM: 'block', DEVTYPE: 'partition', ID_FS_LABEL: asText(a.job.device['usb_filesystem_label']) };
    a.log.debug(`Waiting for USB mass storage device: ${pythonRepr(properties)}`);
    await waitForDevice(a, has(properties));
  },
};

/** A device on USB with the board's number; none where `device_info` says that nobody has to wait. */
export const waitDeviceBoardId: ActionSpec = {
  name: 'wait-device-boardid', summary: 'wait for udev device with board ID', description: 'wait for udev device with board ID', timeoutError: 'Infrastructure',
  validate(a) {
    needUdev();
    if (boardId(a.job.device) === undefined) a.error('board_id unset');
  },
  async run(a) {
    if (firstDeviceInfo(a.job.device)['wait_device_board_id'] === false) return;
    const id = boardId(a.job.device) ?? '';
    a.log.debug(`Waiting for udev device with ID: ${id}`);
    await waitForDevice(a, has({ ID_SERIAL_SHORT: id }));
  },
};

/** A device node or link of the worker, such as a disk behind an adapter. */
export function waitDevicePath(path: (a: Action) => string): ActionSpec {
  return {
    name: 'wait-device-path', summary: 'wait for udev device path', description: 'wait for udev device path', timeoutError: 'Infrastructure',
    validate: needUdev,
    async run(a) {
      const wanted = path(a);
      a.log.debug(`Waiting for udev device path: ${wanted}`);
      await waitForDevice(a, (device) => `${device['DEVNAME'] ?? ''} ${device['DEVLINKS'] ?? ''}`.includes(wanted));
    },
  };
}

function firstDeviceInfo(device: Device): Device {
  const [first] = Array.isArray(device['device_info']) ? (device['device_info'] as unknown[]) : [];
  return isMapping(first) ? first : {};
}

/** `board_id` of `device_info`, else of the device, unless it is a device type's placeholder. */
function boardId(device: Device): string | undefined {
  const id = asText(firstDeviceInfo(device)['board_id'] ?? device['board_id'] ?? device['fastboot_serial_number'] ?? '');
  return id === '' || id === placeholders.board_id ? undefined : id;
}
