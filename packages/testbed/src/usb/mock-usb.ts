import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { assetFolder } from '@lava/base';
import { describeUsbDevice, standardAnswer, type UsbDevice, type UsbSetup } from './usb-device.ts';

/** A line of the process that has the bus. */
interface Message {
  readonly node?: string;
  readonly transfer?: number;
  readonly endpoint?: number;
  readonly length?: number;
  readonly setup?: string;
  readonly data?: string;
  readonly event?: 'interface' | 'reset' | 'cancel';
  readonly value?: readonly number[];
}

/** Of <errno.h>: what a stalled endpoint is for a program. */
const stalled = 32;

/**
 * A USB bus for the processes that get its environment (umockdev): their `udevadm` sees the devices that are plugged in
 * here, and hears of them when they come. Their libusb talks to those that are played.
 */
export class MockUsb {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #played = new Map<string, { device: UsbDevice; path: string }>();
  readonly #pending = new Map<number, AbortController>();
  #done: (() => void)[] = [];
  #ports = 0;
  /** What processes need to see the bus. */
  readonly environment: Readonly<Record<string, string>>;

  private constructor(child: ChildProcess, lines: Interface, folder: string) {
    this.#child = child;
    this.#lines = lines;
    this.environment = { LD_PRELOAD: preload, UMOCKDEV_DIR: folder };
    this.#lines.on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (message.node === undefined) this.#done.shift()?.();
      else void this.#hear(message.node, message);
    });
  }

  /** Why there can be no such bus on this machine; undefined if there can. */
  static missing(): string | undefined {
    const { status } = spawnSync('/usr/bin/python3', ['-c', "import gi; gi.require_version('UMockdev', '1.0'); from gi.repository import UMockdev"]);
    return status === 0 && spawnSync('sh', ['-c', 'command -v udevadm']).status === 0 ? undefined : 'no udev, gir1.2-umockdev-1.0 or python3-gi';
  }

  static async start(): Promise<MockUsb> {
    const child = spawn('/usr/bin/python3', [join(assetFolder(import.meta.url, 'mock-usb'), 'bus.py')], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, LD_PRELOAD: preload } });
    const lines = createInterface({ input: child.stdout });
    const [folder] = (await once(lines, 'line')) as [string];
    return new MockUsb(child, lines, folder);
  }

  /** Plugs devices in that are only looked at. @param description in umockdev's format */
  plug(description: string): Promise<void> {
    return this.#order({ plug: description.trim(), nodes: [] });
  }

  /** Plugs a device in that programs talk to. @returns its number on bus 3 */
  async play(device: UsbDevice): Promise<number> {
    this.#ports += 1;
    const { path, node, description } = describeUsbDevice(device, this.#ports);
    this.#played.set(node, { device, path });
    await this.#order({ plug: description, nodes: [node] });
    return this.#ports;
  }

  /** Takes a played device off. */
  async unplug(device: UsbDevice): Promise<void> {
    const [node, { path }] = [...this.#played].find(([, played]) => played.device === device) ?? ['', { path: '' }];
    if (this.#played.delete(node)) await this.#order({ unplug: [path] });
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }

  #order(order: object): Promise<void> {
    return new Promise((resolve) => {
      this.#done.push(resolve);
      this.#send(order);
    });
  }

  #send(message: object): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  async #hear(node: string, { transfer = 0, event, value = [], endpoint = 0, length = 0, setup = '', data = '' }: Message): Promise<void> {
    const device = this.#played.get(node)?.device;
    if (event === 'interface') return device?.setInterface?.(value[0] ?? 0, value[1] ?? 0);
    if (event === 'reset') return device?.reset?.();
    if (event === 'cancel') return this.#pending.get(value[0] ?? 0)?.abort();
    const cancel = new AbortController();
    this.#pending.set(transfer, cancel);
    try {
      if (!device) throw new Error('the device is gone');
      const answer = await talk(device, { endpoint, length, setup: Buffer.from(setup, 'hex'), data: Buffer.from(data, 'base64') }, cancel.signal);
      this.#send({ transfer, status: 0, data: answer.subarray(0, length).toString('base64') });
    } catch {
      if (!cancel.signal.aborted) this.#send({ transfer, status: stalled, data: '' });
    } finally {
      this.#pending.delete(transfer);
    }
  }
}

async function talk(device: UsbDevice, { endpoint, length, setup, data }: { endpoint: number; length: number; setup: Buffer; data: Buffer }, signal: AbortSignal): Promise<Buffer> {
  if (setup.length > 0) {
    const request: UsbSetup = { requestType: setup.readUInt8(0), request: setup.readUInt8(1), value: setup.readUInt16LE(2), index: setup.readUInt16LE(4), length: setup.readUInt16LE(6) };
    return standardAnswer(device, request) ?? await device.control(request, data);
  }
  if (endpoint & 0x80) return await device.read?.(endpoint, length, signal) ?? Buffer.alloc(0);
  await device.write?.(endpoint, data);
  return Buffer.alloc(0);
}

const preload = 'libumockdev-preload.so.0';
