import type { DebugPort } from './debug-port.ts';
import { interfaceDescriptor, type UsbDevice, type UsbSetup } from './usb-device.ts';
import { UsbQueue } from './usb-queue.ts';

/** Commands of CMSIS-DAP 2.0. */
const commands = {
  info: 0x00, hostStatus: 0x01, connect: 0x02, disconnect: 0x03, configure: 0x04, transfer: 0x05, transferBlock: 0x06, writeAbort: 0x08, delay: 0x09, resetTarget: 0x0a,
  pins: 0x10, clock: 0x11, sequence: 0x12, swdConfigure: 0x13, swdSequence: 0x1d,
} as const;
const swd = 1;
const acknowledged = 1;
const fault = 4;
const resetPin = 0x80;
/** Endpoints of the two interfaces: HID's of version 1, bulk's of version 2. */
const hid = { out: 0x01, in: 0x81, size: 64 };
const bulk = { out: 0x02, in: 0x82, size: 512 };

const reportDescriptor = Buffer.from('0600ff0901a1011500 26ff00750895400901810295400901910295010901b102c0'.replaceAll(' ', ''), 'hex');
const hidDescriptor = Buffer.from([9, 0x21, 0x10, 1, 0, 1, 0x22, reportDescriptor.length, 0]);

/** A debug probe in both of CMSIS-DAP's forms, in front of a chip. */
export class CmsisDapProbe implements UsbDevice {
  readonly vendor = 0x0d28;
  readonly product = 0x0204;
  readonly strings;
  readonly interfaces = [
    interfaceDescriptor({ number: 0, class: [3, 0, 0], name: 4, more: hidDescriptor, endpoints: [{ address: hid.in, interrupt: true }, { address: hid.out, interrupt: true }] }),
    interfaceDescriptor({ number: 1, class: [0xff, 0, 0], name: 4, endpoints: [{ address: bulk.out }, { address: bulk.in }] }),
  ];
  readonly #port: DebugPort;
  readonly #answers = new Map([[hid.in, new UsbQueue()], [bulk.in, new UsbQueue()]]);
  #turn: Promise<void> = Promise.resolve();
  #mask = 0xffffffff;

  constructor(serial: string, port: DebugPort) {
    this.strings = ['LAVA', 'CMSIS-DAP probe', serial, 'CMSIS-DAP'] as const;
    this.#port = port;
  }

  control({ requestType, request, value }: UsbSetup): Buffer {
    if (requestType === 0x81 && request === 6 && value >> 8 === 0x22) return reportDescriptor;
    return Buffer.alloc(0);
  }

  read(endpoint: number, _length: number, signal: AbortSignal): Promise<Buffer> {
    return this.#answers.get(endpoint)?.take(signal) ?? Promise.reject(new Error(`no endpoint ${endpoint}`));
  }

  /** Takes a command; those that come meanwhile wait for their turn. */
  write(endpoint: number, data: Buffer): void {
    const size = endpoint === hid.out ? hid.size : bulk.size;
    const into = endpoint === hid.out ? hid.in : bulk.in;
    this.#turn = this.#turn.then(async () => {
      const answer = await this.#answer(data, size);
      this.#answers.get(into)?.push(endpoint === hid.out ? Buffer.concat([answer, Buffer.alloc(Math.max(0, size - answer.length))]) : answer);
    });
  }

  async #answer(data: Buffer, size: number): Promise<Buffer> {
    const command = data[0] ?? 0;
    const said = (...bytes: number[]) => Buffer.from([command, ...bytes]);
    switch (command) {
      case commands.info: return Buffer.concat([said(), this.#info(data[1] ?? 0, size)]);
      case commands.connect: return said(swd);
      case commands.transfer: return this.#transfer(data);
      case commands.transferBlock: return this.#transferBlock(data);
      case commands.resetTarget:
        await this.#port.target.reset();
        return said(0, 1);
      case commands.pins: {
        const [output = 0, selected = 0] = data.subarray(1);
        if ((selected & resetPin) !== 0 && (output & resetPin) === 0) await this.#port.target.reset();
        return said(resetPin | 0x03);
      }
      case commands.hostStatus: case commands.disconnect: case commands.configure: case commands.writeAbort: case commands.delay: case commands.clock:
      case commands.sequence: case commands.swdConfigure: case commands.swdSequence: return said(0);
      default: return Buffer.from([0xff]);
    }
  }

  #info(what: number, size: number): Buffer {
    const text = (value: string) => Buffer.from([value.length + 1, ...Buffer.from(value), 0]);
    switch (what) {
      case 1: case 2: case 3: return text(this.strings[what - 1] ?? '');
      case 4: return text('2.0.0');
      case 0xf0: return Buffer.from([1, swd]);
      case 0xfe: return Buffer.from([1, 1]);
      case 0xff: return Buffer.from([2, size & 255, size >> 8]);
      default: return Buffer.from([0]);
    }
  }

  async #transfer(data: Buffer): Promise<Buffer> {
    const read: number[] = [];
    let at = 3;
    let done = 0;
    let ack = acknowledged;
    for (const count = data[2] ?? 0; done < count; done += 1) {
      const request = data[at] ?? 0;
      at += 1;
      const isRead = (request & 2) !== 0;
      const word = isRead && (request & 0x10) === 0 ? 0 : data.readUInt32LE(at);
      if (!isRead || (request & 0x10) !== 0) at += 4;
      try {
        if (!isRead && (request & 0x20) !== 0) this.#mask = word;
        else if (!isRead) await this.#port.write((request & 1) !== 0, request & 0xc, word);
        else {
          const value = await this.#port.read((request & 1) !== 0, request & 0xc);
          if ((request & 0x10) === 0) read.push(value);
          else if (((value & this.#mask) >>> 0) !== word) throw new Error('the value does not match');
        }
      } catch {
        ack = fault;
        break;
      }
    }
    return Buffer.concat([Buffer.from([commands.transfer, done, ack]), words(read)]);
  }

  async #transferBlock(data: Buffer): Promise<Buffer> {
    const count = data.readUInt16LE(2);
    const request = data[4] ?? 0;
    const head = Buffer.from([commands.transferBlock, count & 255, count >> 8, acknowledged]);
    try {
      if ((request & 2) !== 0) return Buffer.concat([head, words(await this.#port.readMany((request & 1) !== 0, request & 0xc, count))]);
      await this.#port.writeMany((request & 1) !== 0, request & 0xc, Array.from({ length: count }, (_, i) => data.readUInt32LE(5 + 4 * i)));
      return head;
    } catch {
      return Buffer.from([commands.transferBlock, 0, 0, fault]);
    }
  }
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}
