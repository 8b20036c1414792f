import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { lookupFolders, renderDevice } from '@lava/device';
import { runJob } from '@lava/dispatcher';
import type { LogRecord } from '@lava/job';
import { FastbootDevice, guestImage, project, type GuestImage } from '@lava/testbed';
import { jobText, login } from './support/qemu-board.ts';

// Android's `fastboot` sends a boot image over TCP to a device, which starts the Linux in it: a QEMU behind a serial line.

let guest: GuestImage;
let device: FastbootDevice;
let serial: Server;
let lines: Set<Socket>;
let machine: ChildProcess | undefined;
let folder: string;
beforeAll(async () => { guest = await guestImage(join(project, '.cache')); });
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lava-fastboot-'));
  lines = new Set();
  serial = createServer((socket) => {
    lines.add(socket);
    socket.on('error', () => undefined).on('close', () => lines.delete(socket)).on('data', (bytes) => machine?.stdin?.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(serial, 'listening');
  device = await FastbootDevice.start();
  device.onBoot = () => { machine = start(device.booted ?? Buffer.alloc(0)); };
});
afterEach(async () => {
  if (machine) {
    const ended = once(machine, 'exit');
    machine.kill('SIGKILL');
    await ended;
    machine = undefined;
  }
  for (const socket of lines) socket.destroy();
  serial.close();
  await device.close();
  rmSync(folder, { recursive: true, force: true });
});

const page = 2048;
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((page - (bytes.length % page)) % page)]);

/** Kernel, ramdisk and the kernel's command line as Android's bootloaders take them. */
function bootImage(kernel: Buffer, ramdisk: Buffer, commandLine: string): Buffer {
  const header = Buffer.alloc(page);
  header.write('ANDROID!', 0);
  for (const [offset, value] of [[8, kernel.length], [16, ramdisk.length], [36, page]] as const) header.writeUInt32LE(value, offset);
  header.write(commandLine, 64);
  return Buffer.concat([header, padded(kernel), padded(ramdisk)]);
}

/** What the bootloader of the device does with such an image. */
function start(image: Buffer): ChildProcess {
  const [kernelSize, ramdiskSize] = [image.readUInt32LE(8), image.readUInt32LE(16)];
  const ramdiskAt = page + Math.ceil(kernelSize / page) * page;
  writeFileSync(join(folder, 'kernel'), image.subarray(page, page + kernelSize));
  writeFileSync(join(folder, 'ramdisk'), image.subarray(ramdiskAt, ramdiskAt + ramdiskSize));
  const commandLine = image.subarray(64, image.indexOf(0, 64)).toString();
  const child = spawn('qemu-system-x86_64', [
    '-M', 'q35', '-cpu', 'qemu64', '-m', '256', '-accel', 'tcg', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-net', 'none',
    '-kernel', join(folder, 'kernel'), '-initrd', join(folder, 'ramdisk'), '-append', commandLine,
  ], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (bytes: Buffer) => { for (const socket of lines) socket.write(bytes); });
  return child;
}

test('a Linux that fastboot has started', async () => {
  const image = bootImage(readFileSync(guest.kernel), readFileSync(guest.ramdisk), 'console=ttyS0,115200 sent.by=fastboot');
  writeFileSync(join(folder, 'boot.img'), image);
  const dictionary = `{% extends 'base-fastboot.jinja2' %}
{% set fastboot_serial_number = '${device.serial}' %}
{% set adb_serial_number = '0123' %}
{% set device_info = [{'board_id': '0123', 'wait_device_board_id': false}] %}
{% set flash_cmds_order = ['boot'] %}
{% set fastboot_sequence = ['boot'] %}
{% set connection_command = 'tcp://127.0.0.1:${(serial.address() as AddressInfo).port}' %}
{% set hard_reset_command = '/bin/true' %}
{% set power_off_command = '/bin/true' %}
`;
  const records: LogRecord[] = [];
  const outcome = await runJob({
    id: '4213', root: folder, device: renderDevice({ name: 'phone', dictionary, lookup: lookupFolders(lavaPaths(folder)) }).text, listener: (record) => records.push(record),
    definition: jobText([
      { deploy: { to: 'fastboot', images: { boot: { url: `file://${join(folder, 'boot.img')}` } } } },
      { boot: { method: 'fastboot', ...login } },
      { test: { timeout: { minutes: 1 }, interactive: [{ name: 'look', prompts: ['root@guest:'], script: [{ name: 'command-line', command: 'cat /proc/cmdline', successes: [{ message: 'sent.by=fastboot' }] }] }] } },
    ]),
  });
  expect(records.filter((r) => r.lvl === 'exception').map((r) => r.msg)).toEqual([]);
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(device.partitions.get('boot')?.equals(image)).toBe(true);
  expect(device.commands.filter((command) => !command.startsWith('download'))).toEqual(['flash:boot', 'boot']);
  expect(records.filter((r) => r.lvl === 'results').map((r) => r.msg)).toContainEqual(expect.objectContaining({ definition: '0_look', case: 'command-line', result: 'pass' }));
});
