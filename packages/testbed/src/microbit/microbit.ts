import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../system/wait-until.ts';
import { CmsisDapProbe } from '../usb/cmsis-dap-probe.ts';
import { DebugPort } from '../usb/debug-port.ts';
import { CoreDebug } from './core-debug.ts';
import { GdbRemote } from './gdb-remote.ts';
import { greetingProgram } from './greeting-program.ts';
import { Qtest } from './qtest.ts';

/** A BBC micro:bit (nRF51822, Cortex-M0) that QEMU runs: its memory is written as the chip wants it, and its program is run. */
export class Microbit {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lava-microbit-'));
  readonly #child: ChildProcess;
  #close: () => void = () => undefined;

  /** Why there can be none on this machine; undefined if there can. */
  static missing(): string | undefined {
    return spawnSync('qemu-system-arm', ['--version']).status === 0 ? undefined : 'no qemu-system-arm';
  }

  private constructor() {
    const socket = (id: string) => ['-chardev', `socket,id=${id},path=${this.path(id)},server=on,wait=off`];
    this.#child = spawn('qemu-system-arm', [
      '-M', 'microbit', '-accel', 'tcg', '-nodefaults', '-display', 'none', '-S', ...socket('gdb'), '-gdb', 'chardev:gdb', ...socket('serial'), '-serial', 'chardev:serial',
      '-qtest', `unix:${this.path('bus')},server=on,wait=off`, '-qtest-log', 'none',
    ], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  static async start(): Promise<Microbit> {
    const board = new Microbit();
    await waitUntil('QEMU to listen', () => ['gdb', 'serial', 'bus'].every((name) => existsSync(board.path(name))));
    return board;
  }

  private path(name: string): string {
    return join(this.#folder, name);
  }

  /** Socket of its serial port. */
  get serial(): string { return this.path('serial'); }

  /** Socket for a debugger; not while a probe has it. */
  get debugger(): string { return this.path('gdb'); }

  /** A debug probe in front of it. The chip runs a program that says nothing. */
  async probe(serial: string): Promise<CmsisDapProbe> {
    const bus = await Qtest.connect(this.path('bus'));
    const core = await GdbRemote.connect(this.path('gdb'));
    this.#close = () => { bus.end(); core.end(); };
    await core.poke(0, greetingProgram(''));
    const chip = new CoreDebug(bus, core);
    await chip.reset();
    return new CmsisDapProbe(serial, new DebugPort(chip));
  }

  async end(): Promise<void> {
    this.#close();
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
