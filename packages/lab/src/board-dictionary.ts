import { pythonRepr } from '@lava/job';

/** A board of lava-docker's boards.yaml. */
export interface Board {
  readonly name: string;
  readonly type: string;
  readonly slave?: string;
  readonly kvm?: boolean;
  readonly tags?: readonly string[];
  readonly aliases?: readonly string[];
  readonly user?: string;
  readonly group?: string;
  readonly uboot_ipaddr?: string;
  readonly uboot_macaddr?: string;
  readonly fastboot_serial_number?: unknown;
  readonly connection_command?: string;
  readonly custom_option?: string | readonly string[];
  readonly raw_custom_option?: readonly string[];
  readonly pdu_generic?: Readonly<Record<string, unknown>>;
  readonly uart?: { readonly idvendor?: unknown; readonly idproduct?: unknown; readonly serial?: unknown; readonly devpath?: unknown; readonly baud?: number; readonly worker?: string; readonly use_ser2net?: boolean };
}

const firstPort = 63001;
const usualBaud = 115200;

/** Serial lines behind ser2net: ports count up on each machine, in the order of the boards, as lava-docker numbers them. */
export class Consoles {
  readonly #machines = new Map<string, { board: string; uart: NonNullable<Board['uart']> }[]>();

  /** The command that connects to a board's line. */
  connect(board: string, uart: NonNullable<Board['uart']>, worker: string): string {
    const machine = uart.worker ?? worker;
    const lines = this.#machines.get(machine) ?? [];
    this.#machines.set(machine, lines);
    lines.push({ board, uart });
    return `telnet ${uart.worker ?? '127.0.0.1'} ${firstPort + lines.length - 1}`;
  }

  notes(): string[] {
    return [...this.#machines].flatMap(([machine, lines]) => [
      `ser2net on ${machine} must serve:`,
      ...lines.map(({ board, uart }, i) => `  ${firstPort + i}  /dev/${board} at ${uart.baud ?? usualBaud} baud (${described(uart)})`),
    ]);
  }
}

function described({ idvendor, idproduct, serial, devpath }: NonNullable<Board['uart']>): string {
  const id = (value: unknown) => (typeof value === 'number' ? value.toString(16).padStart(4, '0') : String(value ?? '?'));
  return `USB ${id(idvendor)}:${id(idproduct)}${serial === undefined ? '' : `, serial ${String(serial)}`}${devpath === undefined ? '' : `, devpath ${String(devpath)}`}`;
}

/** The device dictionary of a board, with what lava-docker writes into it. */
export function boardDictionary(board: Board, worker: string, consoles: Consoles): string {
  const { uart, pdu_generic: power = {}, custom_option: custom = [] } = board;
  // The line's port is taken even if another command connects to it.
  const ser2net = uart && (uart.use_ser2net || board.connection_command === undefined) ? consoles.connect(board.name, uart, worker) : undefined;
  const variables: [string, unknown][] = [
    ...['hard_reset_command', 'power_off_command', 'power_on_command'].map((name): [string, unknown] => [name, power[name]]),
    ['no_kvm', board.type === 'qemu' && !board.kvm ? true : undefined],
    ['connection_command', board.connection_command ?? ser2net],
    ['uboot_ipaddr_cmd', board.uboot_ipaddr && `setenv ipaddr ${board.uboot_ipaddr}`],
    ['uboot_set_mac', board.uboot_macaddr && true],
    ['uboot_mac_addr', board.uboot_macaddr],
    ['fastboot_serial_number', board.fastboot_serial_number === undefined ? undefined : String(board.fastboot_serial_number)],
  ];
  const options = typeof custom === 'string' ? custom.split('\n').filter((line) => line.trim() !== '') : custom;
  return [
    `{% extends ${pythonRepr(`${board.type}.jinja2`)} %}`,
    ...variables.filter(([, value]) => value !== undefined).map(([name, value]) => `{% set ${name} = ${pythonRepr(value)} %}`),
    ...options.map((option) => `{% ${option} %}`),
    ...(board.raw_custom_option ?? []),
  ].map((line) => `${line}\n`).join('');
}
