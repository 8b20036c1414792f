import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { LineNoise } from './line-noise.ts';
import { runProgram } from './program.ts';
import type { BoardScript, Stage } from './script.ts';

/** The board's end of a serial line. */
export interface Line {
  send(bytes: Uint8Array): Promise<void>;
  hangUp(): void;
}

const panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\n';

/** Plays a board script while the board has power. */
export class Engine {
  readonly #script: BoardScript;
  readonly #line: Line;
  readonly #noise: LineNoise;
  readonly #faults: readonly Fault[];
  #power: AbortController | undefined;
  #played: Promise<void> = Promise.resolve();
  #input = '';
  #typed: (() => void) | undefined;
  #program: ((text: string) => void) | undefined;
  /** Stages it came through since it got power, and lines that were typed to it. */
  stages: string[] = [];
  lines: string[] = [];

  constructor(script: BoardScript, line: Line, faults: readonly Fault[]) {
    this.#script = script;
    this.#line = line;
    this.#faults = faults;
    this.#noise = new LineNoise();
  }

  get on(): boolean { return this.#power !== undefined; }

  powerOn(): void {
    if (this.#power) return;
    const power = new AbortController();
    this.#power = power;
    this.#input = '';
    this.stages = [];
    this.#noise.clear();
    if (this.#faults.some((f) => f.kind === 'no-power')) return;
    // The power of the last time may still be going down.
    this.#played = this.#played.then(() => this.#play(power.signal)).catch((error: unknown) => { if (!power.signal.aborted) throw error; });
  }

  /** Resolves when all that ran on the board is gone. */
  async powerOff(): Promise<void> {
    this.#power?.abort();
    this.#power = undefined;
    await this.#played;
  }

  /** What somebody types. */
  receive(text: string): void {
    if (!this.#power) return;
    const heard = this.#noise.hear(text);
    if (this.#program) this.#program(heard);
    else this.#input += heard;
    this.#typed?.();
  }

  async #play(power: AbortSignal): Promise<void> {
    const { stages } = this.#script;
    for (let stage = stages[0]; stage && !power.aborted;) {
      this.stages.push(stage.name);
      const target: string | undefined = (await this.#misfortune(stage, power)) ?? (await this.#enact(stage, power)) ?? stage.next;
      stage = target === undefined ? stages[stages.indexOf(stage) + 1] : stages.find((s) => s.name === target);
    }
  }

  /** What goes wrong in a stage. @returns the stage to go to instead, if it is not played */
  async #misfortune(stage: Stage, power: AbortSignal): Promise<string | undefined> {
    for (const fault of this.#faults.filter((f) => (f.at ?? this.#script.stages[0]?.name) === stage.name)) {
      this.#noise.begin(fault);
      if (fault.kind === 'close') this.#line.hangUp();
      if (fault.kind === 'message') await this.#print(`${fault.text ?? ''}\n`);
      if (fault.kind === 'panic') await this.#print(panic);
      if (fault.kind === 'panic' || fault.kind === 'hang') await untilAborted(power);
      if (fault.kind === 'reboot') return this.#script.stages[0]?.name;
      while (fault.kind === 'flood' && !power.aborted) {
        await this.#print('[    0.000000] irq 17: nobody cared (try booting with the "irqpoll" option)\n'.repeat(20));
        await pause(5, undefined, { signal: power });
      }
    }
    return undefined;
  }

  async #enact(stage: Stage, power: AbortSignal): Promise<string | undefined> {
    if (stage.delay_ms) await pause(stage.delay_ms, undefined, { signal: power });
    if (stage.print !== undefined) await this.#print(stage.print);
    if (stage.countdown && (await this.#keyWithin(stage.countdown.seconds, new RegExp(stage.countdown.key ?? ''), power))) return stage.countdown.goto;
    if (stage.prompt !== undefined) return this.#answer(stage, stage.prompt, power);
    if (stage.program !== undefined) {
      const run = runProgram(stage.program, (bytes) => void this.#line.send(this.#noise.spoil(bytes)), power);
      this.#program = run.type;
      await run.ended;
      this.#program = undefined;
    }
    return undefined;
  }

  async #keyWithin(seconds: number, key: RegExp, power: AbortSignal): Promise<boolean> {
    const end = performance.now() + seconds * 1000;
    this.#input = '';
    while (performance.now() < end) {
      await this.#moreInput(power, end - performance.now());
      if (this.#input !== '' && key.test(this.#input)) {
        this.#input = '';
        return true;
      }
    }
    return false;
  }

  async #answer(stage: Stage, prompt: string, power: AbortSignal): Promise<string> {
    for (;;) {
      await this.#print(prompt);
      const line = await this.#readLine(stage.secret !== true, power);
      this.lines.push(line);
      const answer = (stage.commands ?? []).find(({ match }) => new RegExp(`^(?:${match})$`).test(line));
      const text = answer ? answer.print : line === '' ? undefined : stage.otherwise;
      if (text !== undefined) await this.#print(text.replaceAll('{line}', line));
      if (answer?.goto !== undefined) return answer.goto;
      power.throwIfAborted();
    }
  }

  async #readLine(echo: boolean, power: AbortSignal): Promise<string> {
    let line = '';
    for (;;) {
      while (this.#input === '') await this.#moreInput(power);
      const c = this.#input[0] as string;
      this.#input = this.#input.slice(1);
      if (c === '\r' || c === '\n') {
        if (c === '\r' && this.#input.startsWith('\n')) this.#input = this.#input.slice(1);
        await this.#print('\n');
        return line;
      }
      line += c;
      if (echo) await this.#print(c);
    }
  }

  async #moreInput(power: AbortSignal, withinMs?: number): Promise<void> {
    power.throwIfAborted();
    await new Promise<void>((resolve) => {
      const timer = withinMs === undefined ? undefined : setTimeout(done, withinMs);
      function done() { clearTimeout(timer); power.removeEventListener('abort', done); resolve(); }
      power.addEventListener('abort', done);
      this.#typed = done;
    });
    power.throwIfAborted();
  }

  #print(text: string): Promise<void> {
    return this.#line.send(this.#noise.spoil(Buffer.from(text.replaceAll('\n', '\r\n'))));
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
