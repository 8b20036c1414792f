import { interfaceDescriptor, type UsbDevice, type UsbSetup } from './usb-device.ts';

/** Requests and states of "USB Device Class Specification for Device Firmware Upgrade", 1.1, §3 and §6.1. */
const requests = { detach: 0, download: 1, getStatus: 3, clearStatus: 4, getState: 5, abort: 6 } as const;
const states = { idle: 2, downloadSync: 3, downloadIdle: 5, manifestSync: 6, error: 10 } as const;
const statuses = { ok: 0, writeFailed: 3 } as const;

const functional = Buffer.from([9, 0x21, 0b101, 0xff, 0, 0, 4, 0x10, 1]);

/** A board that takes its firmware by DFU: keeps what is written, by the number of the alternate setting. */
export class DfuDevice implements UsbDevice {
  readonly vendor: number;
  readonly product: number;
  readonly strings;
  readonly interfaces: readonly Buffer[];
  /** What has been written and accepted. */
  readonly memory = new Map<number, Buffer>();
  /** How often the host has restarted it. */
  restarts = 0;
  /** Called when an image has been written. */
  onWritten: (() => void) | undefined;
  /** Set to true, nothing can be written any more. */
  broken = false;
  #alternate = 0;
  #state: number = states.idle;
  #status: number = statuses.ok;
  #received: Buffer[] = [];

  /** @param names of the places that can be written */
  constructor({ vendor, product, serial }: { vendor: number; product: number; serial: string }, names: readonly string[]) {
    this.vendor = vendor;
    this.product = product;
    this.strings = ['LAVA', 'Board in DFU mode', serial, ...names] as const;
    this.interfaces = names.map((_, i) => interfaceDescriptor({ alternate: i, class: [0xfe, 1, 2], name: 4 + i, ...(i + 1 === names.length && { more: functional }) }));
  }

  setInterface(_number: number, alternate: number): void {
    this.#alternate = alternate;
  }

  reset(): void {
    this.restarts += 1;
  }

  control({ request }: UsbSetup, data: Buffer): Buffer {
    switch (request) {
      case requests.download: return this.#download(data);
      case requests.getStatus: return this.#tell();
      case requests.detach: return Buffer.alloc(0);
      case requests.getState: return Buffer.from([this.#state]);
      case requests.clearStatus: case requests.abort:
        this.#state = states.idle;
        this.#status = statuses.ok;
        this.#received = [];
        return Buffer.alloc(0);
      default: throw new Error(`DFU has no request ${request}`);
    }
  }

  #download(data: Buffer): Buffer {
    if (data.length > 0) this.#received.push(data);
    this.#state = data.length > 0 ? states.downloadSync : states.manifestSync;
    return Buffer.alloc(0);
  }

  /** The host asks after each block whether it is written, and after the last whether all is well. */
  #tell(): Buffer {
    if (this.broken && this.#state === states.downloadSync) [this.#state, this.#status] = [states.error, statuses.writeFailed];
    else if (this.#state === states.downloadSync) this.#state = states.downloadIdle;
    else if (this.#state === states.manifestSync) {
      this.memory.set(this.#alternate, Buffer.concat(this.#received));
      this.#received = [];
      this.#state = states.idle;
      this.onWritten?.();
    }
    return Buffer.from([this.#status, 1, 0, 0, this.#state, 0]);
  }
}
