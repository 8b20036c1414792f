import { TemplateError, type Location } from '../errors.ts';
import type { Builtins } from '../builtins/define.ts';
import type { Frame } from '../runtime/runtime.ts';
import type { Value } from '../python/values.ts';
import type { At, Stmt } from '../syntax/ast.ts';
import { FunctionScope, Symbols, type Variable } from './scope.ts';

export type Eval = (frame: Frame) => Value;
export type Exec = (frame: Frame) => void;

/** What the compiler knows about the place it is at. */
export class CompileFrame {
  readonly symbols: Symbols;
  /** Statements of the template itself, also inside `if`: `set` here is seen by blocks and parents. */
  toplevel = false;
  /** As toplevel, but not inside `if`. */
  rootlevel = false;
  /** Output is dropped once the template extends another. */
  checkOutput = false;
  /** Directly in a loop's or block's body: `set` stays local. */
  loopFrame = false;
  blockFrame = false;
  /** In an `if`: unknown filters fail only when they are reached. */
  soft = false;
  autoescape: boolean;

  constructor(symbols: Symbols, autoescape: boolean) {
    this.symbols = symbols;
    this.autoescape = autoescape;
  }

  /** A frame with variables of its own: in the same function, in a given one, or (true) in a new one inside this. */
  inner(place: FunctionScope | boolean = false): CompileFrame {
    const own = this.symbols.owner;
    const owner = place === true ? new FunctionScope(own.depth + 1) : place === false ? own : place;
    const frame = new CompileFrame(new Symbols(this.symbols, owner), this.autoescape);
    frame.checkOutput = this.checkOutput;
    return frame;
  }

  /** The same variables, in a branch. */
  branch(): CompileFrame {
    const frame = new CompileFrame(this.symbols, this.autoescape);
    Object.assign(frame, this, { rootlevel: false, soft: true });
    return frame;
  }
}

/** State of compiling one template. */
export class Compilation {
  readonly template: string;
  readonly builtins: Builtins;
  /** Compiles statements to one closure that runs them in order. */
  readonly body: (nodes: readonly Stmt[], frame: CompileFrame) => Exec;
  hasKnownExtends = false;
  extendsSoFar = 0;

  constructor(template: string, builtins: Builtins, body: (c: Compilation, nodes: readonly Stmt[], frame: CompileFrame) => Exec) {
    this.template = template;
    this.builtins = builtins;
    this.body = (nodes, frame) => body(this, nodes, frame);
  }

  at(node: At): Location {
    return { template: this.template, line: node.line, column: node.column };
  }

  fail(message: string, node: At, hint?: string): never {
    throw new TemplateError(message, this.at(node), { code: 'template-syntax', hint });
  }
}

/** Reads a variable from a frame of the given function. */
export function reader(variable: Variable, from: FunctionScope): (frame: Frame) => Value | undefined {
  const { index } = variable;
  const up = from.depth - variable.owner.depth;
  if (up === 0) return (frame) => frame.slots[index];
  if (up === 1) return (frame) => frame.outer?.slots[index];
  return (frame) => {
    let at: Frame | undefined = frame;
    for (let i = 0; i < up; i++) at = at?.outer;
    return at?.slots[index];
  };
}

/** Gives the variables of a frame their first values. */
export function enter(frame: CompileFrame): Exec {
  const loads: Exec[] = [];
  for (const [{ index }, load] of frame.symbols.loads) {
    if (load.from === 'context') loads.push((f) => { f.slots[index] = f.context.resolve(load.name); });
    else if (load.from === 'nowhere') loads.push((f) => { f.slots[index] = undefined; });
    else if ('variable' in load) {
      const read = reader(load.variable, frame.symbols.owner);
      loads.push((f) => { f.slots[index] = read(f); });
    }
  }
  return (f) => { for (const load of loads) load(f); };
}

/** Forgets the variables of a frame that shares its function with others. */
export function leave(frame: CompileFrame): Exec {
  const indices = [...frame.symbols.loads.keys()].map((variable) => variable.index);
  return (f) => { for (const index of indices) f.slots[index] = undefined; };
}

/** Runs a body in a frame of its own variables. */
export function framed(frame: CompileFrame, body: Exec): Exec {
  const [begin, end] = [enter(frame), leave(frame)];
  return (f) => { begin(f); body(f); end(f); };
}

/** The local variables that are defined now, for includes, imports and scoped blocks. */
export function visibleLocals(frame: CompileFrame): (f: Frame) => [string, Value][] {
  const readers = frame.symbols.stored().map(([name, variable]) => [name, reader(variable, frame.symbols.owner)] as const);
  return (f) => {
    const locals: [string, Value][] = [];
    for (const [name, read] of readers) {
      const value = read(f);
      if (value !== undefined) locals.push([name, value]);
    }
    return locals;
  };
}
