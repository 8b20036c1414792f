import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { assetFolder } from '@lava/base';

/**
 * A USB bus for the processes that get its environment (umockdev): their `udevadm` sees the devices that are plugged in
 * here, and hears of them when they come.
 */
export class MockUsb {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** What processes need to see the bus. */
  readonly environment: Readonly<Record<string, string>>;

  private constructor(child: ChildProcess, lines: Interface, folder: string) {
    this.#child = child;
    this.#lines = lines;
    this.environment = { LD_PRELOAD: preload, UMOCKDEV_DIR: folder };
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

  /** Plugs devices in. @param description in umockdev's format */
  async plug(description: string): Promise<void> {
    const done = once(this.#lines, 'line');
    this.#child.stdin?.write(`${description.trim()}\n.\n`);
    await done;
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

const preload = 'libumockdev-preload.so.0';
