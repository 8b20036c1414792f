import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '@lava/job';
import { MockUsb, waitUntil } from '@lava/testbed';
import type { ActionSpec } from '../pipeline/action.ts';
import { runTestAction, testAction } from '../testing/test-action.ts';
import { deviceOptions, followDevices } from './share-devices.ts';
import { allDevices } from './udev.ts';
import { attributesOf } from './udev-records.ts';
import { waitDeviceBoardId, waitDevicePath, waitDfuDevice, waitQdlDevice, waitUsbMassStorage, waitUsbSerial } from './wait-usb.ts';

const missing = MockUsb.missing();
const folder = mkdtempSync(join(tmpdir(), 'lava-usb-'));
let bus: MockUsb;
beforeAll(async () => { if (missing === undefined) bus = await MockUsb.start(); });
afterAll(async () => {
  await (bus as MockUsb | undefined)?.end();
  rmSync(folder, { recursive: true, force: true });
});

let port = 0;
/** A USB device with a serial port, as udev describes it after its rules. */
function probe(serial: string): string {
  port += 1;
  const path = `/devices/pci0000:00/0000:00:14.0/usb1/1-${port}`;
  return `P: ${path}
N: bus/usb/001/00${port}
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: MAJOR=189
E: MINOR=${port}
E: DEVNAME=/dev/bus/usb/001/00${port}
E: ID_SERIAL_SHORT=${serial}
E: ID_VENDOR_ID=0d28
E: ID_MODEL_ID=0204

P: ${path}/1-${port}:1.1/tty/ttyACM${port}
N: ttyACM${port}
E: SUBSYSTEM=tty
E: MAJOR=166
E: MINOR=${port}
E: DEVNAME=/dev/ttyACM${port}
E: DEVLINKS=/dev/serial/by-id/usb-ARM_${serial}-if01
E: ID_SERIAL_SHORT=${serial}
E: ID_VENDOR_ID=0d28
E: ID_MODEL_ID=0204
E: ID_USB_DRIVER=cdc_acm
`;
}

function action(spec: ActionSpec, device: object, records: LogRecord[] = []) {
  return testAction(folder, {
    spec, records,
    context: { device: { ...device }, environment: { PATH: `${folder}:${process.env['PATH']}`, ...bus.environment } },
  });
}

describe.skipIf(missing !== undefined)(`USB devices${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('one that is there is found at once', async () => {
    await bus.plug(probe('A1'));
    await runTestAction(action(waitUsbSerial, { board_id: 'A1', usb_vendor_id: '0d28', usb_product_id: '0204' }));
    await runTestAction(action(waitDfuDevice, { board_id: 'A1', usb_vendor_id: '0d28', usb_product_id: '0204' }));
    await runTestAction(action(waitQdlDevice, { usb_vendor_id: '0d28', usb_product_id: '0204' }));
    await runTestAction(action(waitDevicePath(() => '/dev/serial/by-id/usb-ARM_A1'), {}));
  });

  test('one that comes is waited for; others do not count', async () => {
    const records: LogRecord[] = [];
    const waiting = runTestAction(action(waitDeviceBoardId, { device_info: [{ board_id: 'B2' }] }, records));
    await waitUntil('the wait', () => records.some((r) => r.msg === 'Waiting for udev device with ID: B2'));
    await bus.plug(probe('B1'));
    let done = false;
    const ended = waiting.then(() => { done = true; });
    expect((await allDevices(action(waitDeviceBoardId, {}))).map((d) => d['ID_SERIAL_SHORT'])).toContain('B1');
    expect(done).toBe(false);
    await bus.plug(probe('B2'));
    await ended;
  });

  test('a disk is known by its label, and nobody waits where device_info says so', async () => {
    await bus.plug('P: /devices/pci0000:00/0000:00:15.0/block/sdz/sdz1\nN: sdz1\nE: SUBSYSTEM=block\nE: DEVTYPE=partition\nE: DEVNAME=/dev/sdz1\nE: ID_FS_LABEL=V2M_MPS\n');
    await runTestAction(action(waitUsbMassStorage, { usb_filesystem_label: 'V2M_MPS' }));
    await runTestAction(action(waitDeviceBoardId, { device_info: [{ board_id: 'never', wait_device_board_id: false }] }));
  });

  test('what never comes ends with the action, by its reason, and leaves no process', async () => {
    const a = action(waitUsbSerial, { board_id: 'C9', timeouts: { actions: { 'wait-usb-serial': { seconds: 1 } } } });
    await expect(runTestAction(a)).rejects.toMatchObject({ type: 'Infrastructure', code: 'usb-missing', message: 'wait-usb-serial timed out after 1 seconds' });
  });

  test('ids that nobody has filled in are told at validation', async () => {
    const a = action(waitUsbSerial, { board_id: '0000000000', usb_vendor_id: '0000', usb_product_id: '0000', usb_sleep: 'long' });
    await a.spec.validate?.(a);
    expect(a.errors).toEqual(['[USBSERIAL] board_id unset', 'usb_vendor_id unset', 'usb_product_id unset', 'usb_sleep should be an integer']);
  });

  test('a container gets the devices of the board, now and when they come back', async () => {
    await bus.plug(probe('D1'));
    const calls = join(folder, 'docker.txt');
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\nprintf '%s|' "$@" >> ${calls}; echo >> ${calls}\n`);
    chmodSync(join(folder, 'docker'), 0o755);
    writeFileSync(calls, '');
    const a = action({ name: 'test-action', summary: 'a test' }, { device_info: [{ board_id: 'D1' }] });
    const options = await deviceOptions(a);
    expect(options.filter((o) => o.startsWith('--device='))).toEqual([`--device=/dev/bus/usb/001/00${port}`, `--device=/dev/ttyACM${port}`]);
    const stop = await followDevices(a, 'lava-1');
    const given = () => readFileSync(calls, 'utf8').split('\n').filter(Boolean).map((line) => line.split('|'));
    expect(given().map((words) => words.slice(6))).toEqual([
      [`/dev/bus/usb/001/00${port}`, 'c', '189', String(port), ''],
      [`/dev/ttyACM${port}`, 'c', '166', String(port), '/dev/serial/by-id/usb-ARM_D1-if01', ''],
    ]);
    await bus.plug(probe('D1'));
    await waitUntil('the device to be given again', () => given().length >= 4);
    await bus.plug(probe('E1'));
    await stop();
    expect([...new Set(given().flat().filter((word) => word.startsWith('/dev/ttyACM')))]).toEqual([`/dev/ttyACM${port - 2}`, `/dev/ttyACM${port - 1}`]);
  });
});

test('attributes of the kernel are those nearest to the device', () => {
  expect(attributesOf('  looking at device:\n    ATTR{serial}=="A1"\n  looking at parent:\n    ATTRS{serial}=="0000:00:14.0"\n    ATTRS{idVendor}=="1d6b"\n')).toEqual({ serial: 'A1', idVendor: '1d6b' });
});
