import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lavaPaths } from '@lava/base';
import { lookupFolders, renderDevice } from '@lava/device';
import { runJob, type JobOutcome } from '@lava/dispatcher';
import type { LogRecord } from '@lava/job';
import { freePort, waitUntil } from '@lava/testbed';
import { dumpYaml } from '@lava/yaml';

/**
 * Where a Linux on a board finds the worker: QEMU's gateway leads to the machine's own loopback interface. It answers TFTP
 * itself, so firmware is given an address of that interface, which QEMU's network leads there as well.
 */
const gateway = '10.0.2.2';

/** Arguments for a network card of a board. @param card model and more, as `-device` takes it */
export function network(card: string): string[] {
  return ['-netdev', 'user,id=lan', '-device', `${card},netdev=lan`];
}

export interface BoardRun {
  readonly outcome: JobOutcome;
  readonly records: readonly LogRecord[];
  /** `definition/case result` of all results, in order. */
  readonly cases: string[];
  /** What the log tells besides results, the console and what was typed. */
  readonly messages: string[];
  /** All that was typed to the board. */
  readonly typed: string[];
  /** What the board printed. */
  readonly printed: string;
}

let boards = 0;

/** A board with firmware, serial console and power switch: a QEMU that is not told what to boot. */
export class QemuBoard {
  readonly folder: string;
  /** TCP ports of its serial lines, which talk as telnet does. */
  readonly serialPorts: readonly number[];
  /** Where its firmware finds the worker: no other board's, as there is one port for TFTP. */
  readonly workerAddress = `127.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}.${(boards += 1)}`;
  readonly #process: ChildProcess;
  readonly #dictionary: string;

  private constructor(process: ChildProcess, folder: string, serialPorts: readonly number[], dictionary: string) {
    this.#process = process;
    this.folder = folder;
    this.serialPorts = serialPorts;
    this.#dictionary = dictionary;
  }

  /**
   * Builds a board; it is off.
   * @param dictionary of the device, without its commands
   */
  static async start(argv: readonly string[], dictionary: string, { serials = 1 } = {}): Promise<QemuBoard> {
    const folder = mkdtempSync(join(tmpdir(), 'lava-qemu-board-'));
    const monitor = join(folder, 'monitor');
    const ports: number[] = [];
    for (let n = 0; n < serials; n += 1) ports.push(await freePort());
    const [program = '', ...args] = argv;
    const child = spawn(program, [
      ...args, '-accel', 'tcg', '-display', 'none', '-S', '-monitor', `unix:${monitor},server=on,wait=off`,
      ...ports.flatMap((port) => ['-serial', `telnet:127.0.0.1:${port},server=on,wait=off`]),
    ], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      await waitUntil('QEMU listens', () => (child.exitCode === null ? existsSync(monitor) && Promise.all(ports.map(canConnect)).then(() => true) : true));
      if (child.exitCode !== null) throw new Error(`${argv.join(' ')}: ended with ${child.exitCode}`);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    writeFileSync(join(folder, 'power.mjs'), switchProgram);
    return new QemuBoard(child, folder, ports, dictionary);
  }

  /** dispatcher.yaml of its worker. */
  get dispatcher(): object {
    return { dispatcher_ip: this.workerAddress, serve_address: this.workerAddress, dispatcher_nfs_ip: gateway };
  }

  /** What a lab's power switch is told. */
  #power(...commands: string[]): string {
    return [process.execPath, join(this.folder, 'power.mjs'), join(this.folder, 'monitor'), ...commands].join(' ');
  }

  /** Its device configuration. */
  configuration(): string {
    const uarts = this.serialPorts.map((port, n) => [`uart${n}`, `telnet 127.0.0.1 ${port}`, n === 0 ? "['primary', 'telnet']" : "['telnet']"] as const);
    const connections = `{% set connection_list = [${uarts.map(([name]) => `'${name}'`).join(', ')}] %}
{% set connection_commands = {${uarts.map(([name, command]) => `'${name}': '${command}'`).join(', ')}} %}
{% set connection_tags = {${uarts.map(([name, , tags]) => `'${name}': ${tags}`).join(', ')}} %}
`;
    const commands = {
      hard_reset_command: this.#power('system_reset', 'cont'),
      power_off_command: this.#power('stop'),
    };
    const sets = Object.entries(commands).map(([name, value]) => `{% set ${name} = '${value}' %}\n`).join('');
    return renderDevice({ name: 'board', dictionary: this.#dictionary + connections + sets, lookup: lookupFolders(lavaPaths(this.folder)) }).text;
  }

  async run(actions: readonly object[], job: object = {}): Promise<BoardRun> {
    const records: LogRecord[] = [];
    const outcome = await runJob({
      id: '4212', root: this.folder, device: this.configuration(), dispatcher: dumpYaml(this.dispatcher), listener: (record) => records.push(record),
      definition: jobText(actions, job), outputDir: join(this.folder, 'output'),
    });
    const texts = (...levels: string[]) => records.filter((r) => levels.includes(r.lvl)).map((r) => String(r.msg));
    const cases = records.filter((r) => r.lvl === 'results').map((r) => r.msg as Record<string, unknown>).map((r) => `${String(r['definition'])}/${String(r['case'])} ${String(r['result'])}`);
    return { outcome, records, cases, messages: texts('debug', 'info', 'warning', 'error', 'exception'), typed: texts('input'), printed: texts('target').join('\n') };
  }

  async remove(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Debian's U-Boot for QEMU's 64-bit Arm machine (package u-boot-qemu). */
export const uboot = '/usr/lib/u-boot/qemu_arm64/u-boot.bin';

/**
 * A 64-bit Arm board with U-Boot. It passes the device tree of its hardware on: none is deployed.
 * @param command of U-Boot that the device's configuration has addresses for
 */
export function arm64Board(command: 'booti' | 'bootm' = 'booti'): Promise<QemuBoard> {
  return QemuBoard.start(['qemu-system-aarch64', '-M', 'virt', '-cpu', 'cortex-a57', '-m', '512', '-bios', uboot, ...network('virtio-net-pci,romfile=')], `{% extends 'base-uboot.jinja2' %}
{% set console_device = 'ttyAMA0' %}
{% set ${command}_kernel_addr = '0x40400000' %}
{% set ${command}_ramdisk_addr = '0x48000000' %}
{% set ${command}_dtb_addr = '0x40000000' %}
{% set text_offset = '0x44000000' %}
{% set base_ip_args = '' %}
`);
}

export function jobText(actions: readonly object[], more: object = {}): string {
  return dumpYaml({
    job_name: 'method', visibility: 'public', timeouts: { job: { minutes: 4 }, action: { minutes: 2 }, connection: { minutes: 1 } }, ...more, actions,
  });
}

/** Logs in to the test guest. */
export const login = { prompts: ['root@guest:'], auto_login: { login_prompt: 'guest login:', username: 'root' } };

/** A test of the guest that tells what it was booted with. */
export const lookAround = {
  timeout: { minutes: 1 },
  definitions: [{
    from: 'inline', name: 'look', path: 'inline/look.yaml',
    repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'look' }, run: { steps: ['cat /proc/cmdline', 'lava-test-case shell --shell test -d /proc'] } },
  }],
};

async function canConnect(port: number): Promise<boolean> {
  const socket = createConnection(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  return true;
}

/** Tells QEMU's monitor each word as a command, and ends when it has answered. */
const switchProgram = `
import { createConnection } from 'node:net';
const [path, ...commands] = process.argv.slice(2);
const socket = createConnection(path);
let prompts = 0;
socket.on('data', (data) => {
  for (const _ of String(data).matchAll(/\\(qemu\\) $/g)) {
    if (prompts === commands.length) socket.end();
    else socket.write(commands[prompts++] + '\\n');
  }
});
socket.on('error', (error) => { console.error(error.message); process.exit(1); });
`;
