import { romTable, type DebugTarget } from '../usb/debug-port.ts';
import type { GdbRemote } from './gdb-remote.ts';
import type { Qtest } from './qtest.ts';

/** Debug registers of a Cortex-M0: Armv6-M Architecture Reference Manual, C1.6 and C1.8. */
const registers = { aircr: 0xe000ed0c, dfsr: 0xe000ed30, dhcsr: 0xe000edf0, dcrsr: 0xe000edf4, dcrdr: 0xe000edf8, demcr: 0xe000edfc, fpCtrl: 0xe0002000, fpComp: 0xe0002008 } as const;
const comparators = 4;
const dhcsr = { debug: 1 << 0, halt: 1 << 1, step: 1 << 2, registerReady: 1 << 16, halted: 1 << 17, wasReset: 1 << 25 } as const;
const demcrCatchReset = 1;
const resetRequest = 4;
const ram = { start: 0x20000000, length: 0x4000 } as const;

/** What the factory wrote into a micro:bit's chip and QEMU's has not: no memory is closed (CLENR0), nRF51822-QFAA (CONFIGID). */
const facts = new Map([[0x10000028, 0xffffffff], [0x1000005c, 0xffff003c]]);

/** Identities of CoreSight parts, which debuggers read at the end of their 4 KiB: peripheral and class of component. */
const parts = new Map<number, { part: number; class: number }>([
  [romTable, { part: 0x471, class: 1 }], [0xe000e000, { part: 0x008, class: 0xe }], [0xe0001000, { part: 0x00a, class: 0xe }], [0xe0002000, { part: 0x00b, class: 0xe }],
]);
const tableEntries = [0xe000e000, 0xe0001000, 0xe0002000].map((address) => ((address - romTable) | 3) >>> 0);

/** A Cortex-M0 that QEMU runs, as a debug probe sees it: QEMU has no debug registers for the chip's bus, so they are here. */
export class CoreDebug implements DebugTarget {
  readonly #bus: Qtest;
  readonly #core: GdbRemote;
  #control = 0;
  #demcr = 0;
  #dfsr = 0;
  #data = 0;
  #wasReset = true;
  /** It was resumed, and nobody has told the host yet that it stopped. */
  #resumed = false;
  /** Whether the comparators are on. */
  #comparing = 0;
  readonly #comparators = Array.from({ length: comparators }, () => 0);
  #breakpoints: number[] = [];

  constructor(bus: Qtest, core: GdbRemote) {
    this.#bus = bus;
    this.#core = core;
  }

  async readMemory(address: number, size: number): Promise<number> {
    const fact = facts.get(address);
    if (fact !== undefined) return fact;
    if (address < 0xe0000000 || isSystem(address)) return this.#bus.read(address, size);
    const word = await this.#readDebug((address & ~3) >>> 0);
    return size === 4 ? word >>> 0 : (word >>> (8 * (address & 3))) & (2 ** (8 * size) - 1);
  }

  async writeMemory(address: number, size: number, value: number): Promise<void> {
    if (address === registers.aircr) return (value & resetRequest) !== 0 ? this.reset() : undefined;
    if (address < 0xe0000000 || isSystem(address)) return this.#bus.write(address, size, value);
    return this.#writeDebug(address, value);
  }

  async readWords(address: number, count: number): Promise<number[]> {
    if (address < 0x40000000) {
      const bytes = await this.#bus.readBytes(address, 4 * count);
      return Array.from({ length: count }, (_, i) => bytes.readUInt32LE(4 * i));
    }
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(await this.readMemory(address + 4 * i, 4));
    return values;
  }

  async writeWords(address: number, values: readonly number[]): Promise<void> {
    if (address >= ram.start && address < ram.start + ram.length) {
      const bytes = Buffer.alloc(4 * values.length);
      for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
      return this.#bus.writeBytes(address, bytes);
    }
    for (const [i, value] of values.entries()) await this.writeMemory(address + 4 * i, 4, value);
  }

  /** Starts the chip anew; it stops at its first instruction if the host wants to catch it there. */
  async reset(): Promise<void> {
    await this.#halt();
    await this.#bus.write(registers.aircr, 4, (0x05fa0000 | resetRequest) >>> 0);
    // QEMU resets when it comes to it: the processor is at the start again when its status register is.
    this.#wasReset = true;
    const caught = (this.#control & dhcsr.debug) !== 0 && (this.#demcr & demcrCatchReset) !== 0;
    if (caught) this.#dfsr |= 8;
    else {
      this.#control &= ~dhcsr.halt;
      await this.#resume();
    }
  }

  async #readDebug(address: number): Promise<number> {
    const part = parts.get((address & ~0xfff) >>> 0);
    const offset = address & 0xfff;
    if (part && offset >= 0xfd0) return identity(part, offset);
    if ((address & ~0xfff) >>> 0 === romTable) return tableEntries[offset / 4] ?? 0;
    if (address >= registers.fpComp && address < registers.fpComp + 4 * comparators) return this.#comparators[(address - registers.fpComp) / 4] ?? 0;
    switch (address) {
      case registers.dhcsr: return this.#status();
      case registers.dcrdr: return this.#data;
      case registers.demcr: return this.#demcr;
      case registers.dfsr: return this.#dfsr;
      case registers.fpCtrl: return (comparators << 4) | this.#comparing;
      default: return 0;
    }
  }

  async #writeDebug(address: number, value: number): Promise<void> {
    if (address >= registers.fpComp && address < registers.fpComp + 4 * comparators) this.#comparators[(address - registers.fpComp) / 4] = value >>> 0;
    else if (address === registers.fpCtrl && (value & 2) !== 0) this.#comparing = value & 1;
    else if (address === registers.dhcsr) await this.#setControl(value);
    else if (address === registers.dcrsr) await this.#moveRegister(value);
    else if (address === registers.dcrdr) this.#data = value >>> 0;
    else if (address === registers.demcr) this.#demcr = value;
    else if (address === registers.dfsr) this.#dfsr &= ~value;
  }

  async #status(): Promise<number> {
    if (this.#resumed && !this.#core.running) {
      this.#resumed = false;
      this.#control |= dhcsr.halt;
      this.#dfsr |= 2;
      await this.#clearBreakpoints();
    }
    const status = (this.#control & 0xf) | dhcsr.registerReady | (this.#core.running ? 0 : dhcsr.halted) | (this.#wasReset ? dhcsr.wasReset : 0);
    this.#wasReset = false;
    return status;
  }

  async #setControl(value: number): Promise<void> {
    if (value >>> 16 !== 0xa05f) return;
    await this.#status();
    const halted = (this.#control & dhcsr.halt) !== 0;
    this.#control = value & 0xf;
    if ((value & dhcsr.halt) !== 0) {
      if (!halted) this.#dfsr |= 1;
      await this.#halt();
    } else if ((value & dhcsr.step) !== 0) {
      await this.#core.step();
      this.#control |= dhcsr.halt;
      this.#dfsr |= 1;
    } else await this.#resume();
  }

  async #halt(): Promise<void> {
    this.#resumed = false;
    await this.#core.halt();
    await this.#clearBreakpoints();
  }

  /** Lets it run. Where a program in the RAM breaks by an instruction, QEMU has to be told: it would take it for a fault. */
  async #resume(): Promise<void> {
    if (this.#core.running) return;
    const memory = await this.#bus.readBytes(ram.start, ram.length);
    const breaks = Array.from({ length: ram.length / 2 }, (_, i) => 2 * i).filter((at) => memory[at + 1] === 0xbe).map((at) => ram.start + at);
    const set = this.#comparators.filter((c) => (c & this.#comparing) !== 0).map((c) => (c & 0x1ffffffc) + (c >>> 31 === 1 ? 2 : 0));
    this.#breakpoints = [...new Set([...breaks, ...set])];
    for (const address of this.#breakpoints) await this.#core.setBreakpoint(address, true);
    this.#resumed = true;
    await this.#core.resume();
  }

  async #clearBreakpoints(): Promise<void> {
    const set = this.#breakpoints;
    this.#breakpoints = [];
    for (const address of set) await this.#core.setBreakpoint(address, false);
  }

  /** Registers as the host numbers them: R0 to R15, xPSR; of the others QEMU tells nothing. */
  async #moveRegister(value: number): Promise<void> {
    const number = value & 0x7f;
    const write = (value & 0x10000) !== 0;
    const register = number < 16 ? number : { 16: statusRegister, 17: stackPointer, 18: stackPointer }[number];
    if (register === undefined) this.#data = write ? this.#data : 0;
    else if (!write) this.#data = await this.#core.readRegister(register);
    else if (number <= 16) await this.#core.writeRegister(register, this.#data);
  }
}

/** QEMU's numbers of xPSR, and of the stack pointer that stands for both. */
const statusRegister = 25;
const stackPointer = 13;

/** Registers of the processor's own system block, which QEMU has. */
const isSystem = (address: number) => address >= 0xe000e000 && address < registers.dfsr && (address & 0xfff) < 0xfd0;

function identity({ part, class: kind }: { part: number; class: number }, offset: number): number {
  const peripheral = [0x04, 0, 0, 0, part & 0xff, 0xb0 | part >> 8, 0x0b, 0];
  const component = [0x0d, kind << 4, 0x05, 0xb1];
  return [...peripheral, ...component][(offset - 0xfd0) / 4] ?? 0;
}
