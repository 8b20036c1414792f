/** The eight bytes that begin a control transfer. */
export interface UsbSetup {
  readonly requestType: number;
  readonly request: number;
  readonly value: number;
  readonly index: number;
  readonly length: number;
}

/** A device that programs talk to by transfers. Whatever it throws is a stalled endpoint for the program. */
export interface UsbDevice {
  readonly vendor: number;
  readonly product: number;
  /** Texts that its descriptors name by number, from 1 on: manufacturer, product, serial number, then its own. */
  readonly strings: readonly [manufacturer: string, product: string, serial: string, ...more: string[]];
  /** Its interfaces: descriptors without those of the device and of the configuration. */
  readonly interfaces: readonly Buffer[];
  /** Requests to its class or vendor. @returns what goes to the host */
  control(setup: UsbSetup, data: Buffer): Buffer | Promise<Buffer>;
  write?(endpoint: number, data: Buffer): void | Promise<void>;
  /** @param signal aborted when the host gives up waiting */
  read?(endpoint: number, length: number, signal: AbortSignal): Promise<Buffer>;
  /** The host has chosen an alternate setting of an interface. */
  setInterface?(number: number, alternate: number): void;
  reset?(): void;
}

interface Interface {
  readonly number?: number;
  readonly alternate?: number;
  readonly endpoints?: readonly { readonly address: number; readonly interrupt?: boolean; readonly size?: number }[];
  readonly class: readonly [code: number, subclass: number, protocol: number];
  /** Number of its name among the strings. */
  readonly name?: number;
  /** Descriptors of its class, which come before those of its endpoints. */
  readonly more?: Buffer;
}

/** Descriptor of an interface with its endpoints. */
export function interfaceDescriptor({ number = 0, alternate = 0, endpoints = [], class: [code, subclass, protocol], name = 0, more = Buffer.alloc(0) }: Interface): Buffer {
  return Buffer.concat([
    Buffer.from([9, 4, number, alternate, endpoints.length, code, subclass, protocol, name]), more,
    ...endpoints.map(({ address, interrupt = false, size = interrupt ? 64 : 512 }) => Buffer.from([7, 5, address, interrupt ? 3 : 2, size & 255, size >> 8, interrupt ? 1 : 0])),
  ]);
}

function deviceDescriptor({ vendor, product }: UsbDevice): Buffer {
  const bytes = Buffer.from([18, 1, 0, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0, 1, 1, 2, 3, 1]);
  bytes.writeUInt16LE(vendor, 8);
  bytes.writeUInt16LE(product, 10);
  return bytes;
}

function configurationDescriptor({ interfaces }: UsbDevice): Buffer {
  const count = new Set(interfaces.map((bytes) => bytes[2])).size;
  const bytes = Buffer.concat([Buffer.from([9, 2, 0, 0, count, 1, 0, 0x80, 50]), ...interfaces]);
  bytes.writeUInt16LE(bytes.length, 2);
  return bytes;
}

/** The standard requests that every device answers; undefined for others. */
export function standardAnswer(device: UsbDevice, { requestType, request, value }: UsbSetup): Buffer | undefined {
  if ((requestType & 0x60) !== 0) return undefined;
  if (request === 8) return Buffer.from([1]);
  if (request !== 6) return Buffer.alloc(0);
  const number = value & 255;
  switch (value >> 8) {
    case 1: return deviceDescriptor(device);
    case 2: return configurationDescriptor(device);
    case 3: {
      if (number === 0) return Buffer.from([4, 3, 9, 4]);
      const text = Buffer.from(device.strings[number - 1] ?? '', 'utf16le');
      return Buffer.concat([Buffer.from([text.length + 2, 3]), text]);
    }
    default: return undefined;
  }
}

/** Where a device is on the bus. */
export interface UsbPlace { readonly path: string; readonly node: string; readonly description: string }

/** A device as udev and the kernel describe it, in umockdev's format. @param port on bus 3 */
export function describeUsbDevice(device: UsbDevice, port: number): UsbPlace {
  const path = `/devices/pci0000:00/0000:00:18.0/usb3/3-${port}`;
  const hex = (value: number) => value.toString(16).padStart(4, '0');
  const name = `bus/usb/003/${String(port).padStart(3, '0')}`;
  const [manufacturer, product, serial] = device.strings;
  return { path, node: `/dev/${name}`, description: `P: ${path}
N: ${name}
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: DRIVER=usb
E: DEVNAME=/dev/${name}
E: BUSNUM=003
E: DEVNUM=${String(port).padStart(3, '0')}
E: MAJOR=189
E: MINOR=${255 + port}
E: PRODUCT=${device.vendor.toString(16)}/${device.product.toString(16)}/100
E: ID_VENDOR_ID=${hex(device.vendor)}
E: ID_MODEL_ID=${hex(device.product)}
E: ID_SERIAL_SHORT=${serial}
E: ID_PRODUCT=${serial}
A: busnum=3
A: devnum=${port}
A: devpath=${port}
A: speed=480
A: bConfigurationValue=1
A: idVendor=${hex(device.vendor)}
A: idProduct=${hex(device.product)}
A: manufacturer=${manufacturer}
A: product=${product}
A: serial=${serial}
H: descriptors=${Buffer.concat([deviceDescriptor(device), configurationDescriptor(device)]).toString('hex')}
` };
}
