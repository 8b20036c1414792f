import { Macro } from '../runtime/objects.ts';
import { str } from '../python/repr.ts';
import { Undefined } from '../python/values.ts';
import { Frame } from '../runtime/runtime.ts';
import { compileCall, compileExpression } from './expressions.ts';
import { enter, type Compilation, type CompileFrame, type Eval, type Exec } from './frame.ts';
import { reads } from './walk.ts';
import type { CallBlock, Macro as MacroNode } from '../syntax/ast.ts';

/** Compiles the body of a macro or call block to a closure that makes the macro. */
function compileMacroBody(c: Compilation, node: MacroNode | CallBlock, outer: CompileFrame): Eval {
  const frame = outer.inner(true);
  frame.checkOutput = false;
  const { symbols } = frame;
  for (const { name } of node.params) symbols.parameter(name);
  for (const fallback of node.defaults) symbols.expression(fallback);
  symbols.statements(node.body);

  const parameters = node.params.map(({ name }) => name);
  const special = reads(node.body, ['caller', 'kwargs', 'varargs']);
  const callerAt = parameters.indexOf('caller');
  const firstDefault = parameters.length - node.defaults.length;
  if (special.has('caller') && callerAt >= 0 && callerAt < firstDefault) {
    c.fail('When defining macros or call blocks the special "caller" argument must be omitted or be given a default.', node);
  }
  const has = (name: string) => special.has(name) && !parameters.includes(name);
  const order = [...parameters, ...['caller', 'kwargs', 'varargs'].filter(has)];
  const slots = order.map((name) => (parameters.includes(name) ? symbols.ref(name) : symbols.parameter(name)).index);
  const defaults = parameters.map((name, i): Eval => {
    const fallback = node.defaults[i - firstDefault];
    return fallback ? compileExpression(c, fallback, frame) : () => new Undefined({ hint: `parameter '${name}' was not provided`, name });
  });
  const begin = enter(frame);
  const body = c.body(node.body, frame);
  const facts = {
    name: node.kind === 'macro' ? node.name : 'caller', parameters, catchKwargs: has('kwargs'), catchVarargs: has('varargs'),
    usesCaller: special.has('caller'), autoescape: outer.autoescape,
  };
  return (f) => new Macro(facts, (args) => {
    const inner = new Frame(symbols.owner.size, f.context, f.runtime, f);
    for (const [i, slot] of slots.entries()) inner.slots[slot] = args[i];
    begin(inner);
    for (const [i, fallback] of defaults.entries()) {
      const slot = slots[i] as number;
      if (inner.slots[slot] === undefined) inner.slots[slot] = fallback(inner);
    }
    return f.runtime.capture(() => body(inner));
  });
}

export function compileMacro(c: Compilation, node: MacroNode, frame: CompileFrame): Exec {
  const make = compileMacroBody(c, node, frame);
  const { index } = frame.symbols.ref(node.name);
  const { toplevel } = frame;
  return (f) => {
    const macro = make(f);
    f.slots[index] = macro;
    if (toplevel) f.context.set(node.name, macro, true);
  };
}

export function compileCallBlock(c: Compilation, node: CallBlock, frame: CompileFrame): Exec {
  const caller = compileMacroBody(c, node, frame);
  const call = compileCall(c, node.call, frame, caller);
  return (f) => f.runtime.write(str(call(f)));
}
