import { typeError } from '../python/errors.ts';
import { repr } from '../python/repr.ts';
import { PyDict } from '../python/dict.ts';
import { Markup, PyObject, Undefined, tuple, type Kwargs, type Value } from '../python/values.ts';
import type { BlockCode, Context, Runtime } from './runtime.ts';

/** `self`: the blocks of the template. */
export class TemplateReference extends PyObject {
  readonly type = 'TemplateReference';
  private readonly context: Context;
  private readonly runtime: Runtime;
  constructor(context: Context, runtime: Runtime) {
    super();
    this.context = context;
    this.runtime = runtime;
  }
  override repr(): string { return `<TemplateReference ${repr(this.context.template)}>`; }
  override item(key: Value): Value | undefined {
    const codes = typeof key === 'string' ? this.context.blocks.get(key) : undefined;
    return codes && new BlockReference(key as string, this.context, this.runtime, codes, 0);
  }
}

/** A block that can be called: `self.name()`, `super()`. */
class BlockReference extends PyObject {
  readonly type = 'BlockReference';
  private readonly name: string;
  private readonly context: Context;
  private readonly runtime: Runtime;
  private readonly codes: readonly BlockCode[];
  private readonly depth: number;
  constructor(name: string, context: Context, runtime: Runtime, codes: readonly BlockCode[], depth: number) {
    super();
    this.name = name;
    this.context = context;
    this.runtime = runtime;
    this.codes = codes;
    this.depth = depth;
  }
  override call(): Value {
    return this.runtime.nested(() => this.runtime.capture(() => this.codes[this.depth]?.run(this.context, this.runtime)));
  }
  override attribute(name: string): Value | undefined {
    return name === 'super' ? superBlock(this.context, this.runtime, this.name, this.codes[this.depth]) : undefined;
  }
}

/** `super` inside a block. */
export function superBlock(context: Context, runtime: Runtime, name: string, current: BlockCode | undefined): Value {
  const codes = context.blocks.get(name) ?? [];
  const depth = current ? codes.indexOf(current) + 1 : 0;
  if (depth === 0 || depth >= codes.length) return new Undefined({ hint: `there is no parent block called '${name}'.`, name: 'super' });
  return new BlockReference(name, context, runtime, codes, depth);
}

export interface MacroFacts {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly catchKwargs: boolean;
  readonly catchVarargs: boolean;
  readonly usesCaller: boolean;
  readonly autoescape: boolean;
}

export class Macro extends PyObject {
  readonly type = 'Macro';
  private readonly facts: MacroFacts;
  private readonly body: (args: (Value | undefined)[]) => string;
  constructor(facts: MacroFacts, body: (args: (Value | undefined)[]) => string) {
    super();
    this.facts = facts;
    this.body = body;
  }
  override repr(): string { return `<Macro ${repr(this.facts.name)}>`; }
  override attribute(name: string): Value | undefined {
    const { facts } = this;
    switch (name) {
      case 'name': return facts.name;
      case 'arguments': return tuple(facts.parameters);
      case 'catch_kwargs': return facts.catchKwargs;
      case 'catch_varargs': return facts.catchVarargs;
      case 'caller': return facts.usesCaller;
      default: return undefined;
    }
  }

  override call(args: Value[], given: Kwargs): Value {
    const { name, parameters, catchKwargs, catchVarargs, usesCaller, autoescape } = this.facts;
    const kwargs = new Map(given);
    const bound: (Value | undefined)[] = args.slice(0, parameters.length);
    let callerBound = bound.length === parameters.length && parameters.includes('caller');
    for (const parameter of parameters.slice(bound.length)) {
      bound.push(kwargs.get(parameter));
      kwargs.delete(parameter);
      if (parameter === 'caller') callerBound = true;
    }
    if (usesCaller && !callerBound) {
      bound.push(kwargs.get('caller') ?? new Undefined({ hint: 'No caller defined', name: 'caller' }));
      kwargs.delete('caller');
    }
    const [spare] = kwargs.keys();
    if (catchKwargs) bound.push(new PyDict(kwargs));
    else if (spare !== undefined) {
      if (spare === 'caller') throw typeError(`macro '${name}' was invoked with two values for the special caller argument. This is most likely a bug.`);
      throw typeError(`macro '${name}' takes no keyword argument '${spare}'`, parameters.length ? `it takes: ${parameters.join(', ')}` : undefined);
    }
    if (catchVarargs) bound.push(tuple(args.slice(parameters.length)));
    else if (args.length > parameters.length) throw typeError(`macro '${name}' takes not more than ${parameters.length} argument(s)`);
    const text = this.body(bound);
    return autoescape ? new Markup(text) : text;
  }
}
