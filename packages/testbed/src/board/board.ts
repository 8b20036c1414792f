import type { Mapping } from '@lava/job';
import { Engine } from './engine.ts';
import type { Fault } from './fault.ts';
import { Pdu, type PowerCommand } from './pdu.ts';
import type { BoardScript } from './script.ts';
import { SerialServer } from './serial-server.ts';

interface BoardOptions {
  readonly faults?: readonly Fault[];
  /** Ports on the loopback interface; free ones without them. */
  readonly serialPort?: number;
  readonly pduPort?: number;
}

/** A board that plays a script: a serial line behind a network port, a switched socket, and what runs between them. It starts without power. */
export class Board {
  readonly script: BoardScript;
  readonly #serial: SerialServer;
  readonly #pdu: Pdu;
  readonly #engine: Engine;
  /** Commands that the power switch got. */
  readonly switched: PowerCommand[];

  private constructor(script: BoardScript, serial: SerialServer, pdu: Pdu, engine: Engine, switched: PowerCommand[]) {
    this.script = script;
    this.#serial = serial;
    this.#pdu = pdu;
    this.#engine = engine;
    this.switched = switched;
  }

  static async start(script: BoardScript, options: BoardOptions = {}): Promise<Board> {
    const { faults = [] } = options;
    const has = (kind: Fault['kind'], command?: string) => faults.some((f) => f.kind === kind && (command === undefined || f.at === undefined || f.at === command));
    const serial = await SerialServer.listen({ telnet: script.serial !== 'tcp', ...(options.serialPort && { port: options.serialPort }) });
    serial.busy = has('busy');
    const engine = new Engine(script, serial, faults);
    serial.onInput = (text) => engine.receive(text);
    const switched: PowerCommand[] = [];
    const pdu = await Pdu.listen((command) => {
      switched.push(command);
      if (has('pdu-hangs', command)) return 'hang';
      if (has('pdu-fails', command)) return 'fail';
      if (has('pdu-ignores', command)) return 'done';
      const off = command === 'on' ? undefined : engine.powerOff();
      if (command === 'cycle') void off?.then(() => engine.powerOn());
      if (command === 'on') engine.powerOn();
      return 'done';
    }, options.pduPort);
    if (has('refused')) await serial.close();
    return new Board(script, serial, pdu, engine, switched);
  }

  get powered(): boolean { return this.#engine.on; }
  /** Somebody is on its serial line. */
  get connected(): boolean { return this.#serial.connected; }
  /** Stages it came through since it got power. */
  get stages(): readonly string[] { return this.#engine.stages; }
  /** Lines that were typed at its prompts. */
  get lines(): readonly string[] { return this.#engine.lines; }

  /** The `commands` of its device configuration. */
  get commands(): Readonly<Record<'connect' | 'hard_reset' | 'power_on' | 'power_off', string>> {
    const connect = this.script.serial === 'tcp' ? `tcp://127.0.0.1:${this.#serial.port}` : `telnet 127.0.0.1 ${this.#serial.port}`;
    return { connect, hard_reset: this.#pdu.commandLine('cycle'), power_on: this.#pdu.commandLine('on'), power_off: this.#pdu.commandLine('off') };
  }

  /** Its whole device configuration. */
  get device(): Mapping {
    return { ...this.script.device, commands: this.commands };
  }

  /** Takes its power and its ports. Resolves when nothing of it is left. */
  async close(): Promise<void> {
    await this.#engine.powerOff();
    await Promise.all([this.#serial.close().catch(() => undefined), this.#pdu.close()]);
  }
}
