import { interfaceDescriptor, type UsbDevice } from '../usb/usb-device.ts';
import { UsbQueue } from '../usb/usb-queue.ts';
import { FastbootSession, FastbootState } from './fastboot-session.ts';

/** Of a board of NXP's whose U-Boot waits for uuu (`FB:`). */
const nxp = { vendor: 0x1fc9, product: 0x0152 };

/** A device in fastboot mode on USB; as one of NXP's it takes uuu's commands, too. */
export class FastbootUsb extends FastbootState implements UsbDevice {
  readonly vendor = nxp.vendor;
  readonly product = nxp.product;
  readonly strings;
  readonly interfaces = [interfaceDescriptor({ class: [0xff, 0x42, 0x03], name: 4, endpoints: [{ address: 0x81 }, { address: 0x01 }] })];
  readonly #session = new FastbootSession(this);
  readonly #answers = new UsbQueue();

  constructor(serial: string) {
    super();
    this.strings = ['LAVA', 'Board in fastboot mode', serial, 'fastboot'] as const;
  }

  control(): Buffer {
    return Buffer.alloc(0);
  }

  write(_endpoint: number, data: Buffer): void {
    const answer = this.#session.take(data);
    if (answer !== undefined) this.#answers.push(Buffer.from(answer));
  }

  read(_endpoint: number, _length: number, signal: AbortSignal): Promise<Buffer> {
    return this.#answers.take(signal);
  }
}
