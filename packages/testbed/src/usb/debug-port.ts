/** A chip as its debug port sees it: words of its memory, and the line that resets it. */
export interface DebugTarget {
  /** @param size of the access in bytes: 1, 2 or 4 */
  readMemory(address: number, size: number): Promise<number>;
  writeMemory(address: number, size: number, value: number): Promise<void>;
  readWords(address: number, count: number): Promise<number[]>;
  writeWords(address: number, values: readonly number[]): Promise<void>;
  reset(): Promise<void>;
}

/** Identities of Arm's debug port and memory access port of a Cortex-M0, and where its ROM table is. */
const portId = 0x0bb11477;
const accessPortId = 0x04770021;
export const romTable = 0xe00ff000;

/** Registers of the debug port by address, and of the memory access port. ARM IHI 0031 (ADIv5), chapters B2, C2. */
const ctrlStat = 4;
const select = 8;
const ap = { csw: 0x00, tar: 0x04, drw: 0x0c, bd0: 0x10, bd3: 0x1c, base: 0xf8, idr: 0xfc } as const;

/** Arm's serial-wire debug port with one memory access port, as version 5 of its debug interface says. */
export class DebugPort {
  readonly target: DebugTarget;
  #control = 0;
  #select = 0;
  #csw = 0x23000052;
  #tar = 0;
  #buffer = 0;

  constructor(target: DebugTarget) {
    this.target = target;
  }

  async read(accessPort: boolean, address: number): Promise<number> {
    if (accessPort) return this.#buffer = await this.#readAccess(address);
    if (address === 0) return portId;
    // What asks for power gets it.
    if (address === ctrlStat) return (this.#control | ((this.#control & 0x50000000) << 1)) >>> 0;
    return this.#buffer;
  }

  async write(accessPort: boolean, address: number, value: number): Promise<void> {
    if (accessPort) return this.#writeAccess(address, value);
    if (address === ctrlStat) this.#control = value & 0x50000fff;
    if (address === select) this.#select = value;
  }

  async readMany(accessPort: boolean, address: number, count: number): Promise<number[]> {
    if (accessPort && this.#isBlock(address)) {
      const values = await this.target.readWords(this.#tar, count);
      this.#tar = (this.#tar + 4 * count) >>> 0;
      return values;
    }
    const values: number[] = [];
    for (let i = 0; i < count; i += 1) values.push(await this.read(accessPort, address));
    return values;
  }

  async writeMany(accessPort: boolean, address: number, values: readonly number[]): Promise<void> {
    if (accessPort && this.#isBlock(address)) {
      await this.target.writeWords(this.#tar, values);
      this.#tar = (this.#tar + 4 * values.length) >>> 0;
      return;
    }
    for (const value of values) await this.write(accessPort, address, value);
  }

  #register(address: number): number {
    return (this.#select & 0xf0) | address;
  }

  /** Words one after the other, all through the data register. */
  #isBlock(address: number): boolean {
    return this.#select >>> 24 === 0 && this.#register(address) === ap.drw && this.#size === 4 && (this.#csw & 0x30) === 0x10;
  }

  get #size(): number { return 1 << (this.#csw & 7); }

  async #readAccess(address: number): Promise<number> {
    // There is one access port; all others are empty.
    if (this.#select >>> 24 !== 0) return 0;
    const register = this.#register(address);
    switch (register) {
      case ap.csw: return this.#csw;
      case ap.tar: return this.#tar;
      case ap.base: return (romTable | 3) >>> 0;
      case ap.idr: return accessPortId;
      case ap.drw: {
        const at = this.#next();
        return ((await this.target.readMemory(at, this.#size)) << (8 * (at & 3))) >>> 0;
      }
      default: return register >= ap.bd0 && register <= ap.bd3 ? this.target.readMemory(this.#banked(register), 4) : 0;
    }
  }

  async #writeAccess(address: number, value: number): Promise<void> {
    if (this.#select >>> 24 !== 0) return;
    const register = this.#register(address);
    if (register === ap.csw) this.#csw = (value & ~0xe0) | 0x40;
    else if (register === ap.tar) this.#tar = value;
    else if (register === ap.drw) {
      const at = this.#next();
      const size = this.#size;
      const lane = value >>> (8 * (at & 3));
      await this.target.writeMemory(at, size, size === 4 ? value : lane & (2 ** (8 * size) - 1));
    } else if (register >= ap.bd0 && register <= ap.bd3) await this.target.writeMemory(this.#banked(register), 4, value);
  }

  #banked(register: number): number {
    return ((this.#tar & ~0xf) | (register & 0xf)) >>> 0;
  }

  /** The address, which is moved on if the host wants it. */
  #next(): number {
    const at = this.#tar;
    if ((this.#csw & 0x30) !== 0) this.#tar = (at + this.#size) >>> 0;
    return at;
  }
}
