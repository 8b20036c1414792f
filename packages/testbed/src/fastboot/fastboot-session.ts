/** What the device does with a command of its own; its answer goes back as it is. */
type Override = (command: string) => string | undefined;

const variables: Readonly<Record<string, string>> = { 'max-download-size': '0x10000000', product: 'testbed' };

/** What a device in fastboot mode keeps, and what it is told to do: the same over TCP and USB. */
export class FastbootState {
  /** Commands in order, without those that ask for variables. */
  readonly commands: string[] = [];
  /** Content of partitions by name. */
  readonly partitions = new Map<string, Buffer>();
  /** What was last downloaded to be started. */
  booted: Buffer | undefined;
  /** Called when the device leaves fastboot for a system. */
  onBoot: () => void = () => undefined;
  answer: Override = () => undefined;
}

/** The commands of one host, one after the other. */
export class FastbootSession {
  readonly #state: FastbootState;
  #expected = 0;
  #downloaded: Buffer[] = [];

  constructor(state: FastbootState) {
    this.#state = state;
  }

  /** @returns the answer to a command or to the end of a download; undefined while one goes on */
  take(message: Buffer): string | undefined {
    const state = this.#state;
    if (this.#expected > 0) {
      this.#downloaded.push(message);
      this.#expected -= message.length;
      return this.#expected === 0 ? 'OKAY' : undefined;
    }
    const command = message.toString();
    const [name = '', value = ''] = command.split(/:(.*)/s);
    if (name === 'getvar') return `OKAY${variables[value] ?? ''}`;
    state.commands.push(command);
    const own = state.answer(command);
    if (own !== undefined) return own;
    switch (name) {
      case 'download':
        this.#expected = Number.parseInt(value, 16);
        this.#downloaded = [];
        return `DATA${value}`;
      case 'flash':
        state.partitions.set(value, Buffer.concat(this.#downloaded));
        return 'OKAY';
      case 'boot':
        state.booted = Buffer.concat(this.#downloaded);
        setImmediate(state.onBoot);
        return 'OKAY';
      case 'reboot':
        setImmediate(state.onBoot);
        return 'OKAY';
      case 'reboot-bootloader': case 'reboot-fastboot': case 'erase': case 'set_active': case 'oem': case 'continue': case 'UCmd': case 'ACmd': return 'OKAY';
      default: return `FAILunknown command ${name}`;
    }
  }
}
