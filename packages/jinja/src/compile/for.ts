import { iterate } from '../python/iterate.ts';
import { LoopContext } from '../runtime/loop.ts';
import { str } from '../python/repr.ts';
import { truth } from '../python/types.ts';
import { Markup, PyIterator, type Value } from '../python/values.ts';
import { Frame } from '../runtime/runtime.ts';
import { compileTarget } from './target.ts';
import { compileExpression } from './expressions.ts';
import { enter, framed, leave, type Compilation, type CompileFrame, type Exec } from './frame.ts';
import { assigns, find, reads } from './walk.ts';
import type { For } from '../syntax/ast.ts';

/** Compiles a for loop. The object `loop` is made only where something reads it. */
export function compileFor(c: Compilation, node: For, outer: CompileFrame): Exec {
  const at = c.at(node);
  if (assigns([node], 'loop')) c.fail("Can't assign to special loop variable in for-loop target", node);
  const loopFrame = outer.inner(node.recursive);
  loopFrame.loopFrame = true;
  const { owner } = loopFrame.symbols;
  const extended = node.recursive || reads(node.body, ['loop']).size > 0 || [...find(node.body, 'block')].some((block) => block.scoped);
  const loopVariable = extended ? loopFrame.symbols.parameter('loop') : undefined;
  loopFrame.symbols.target(node.target, true);
  loopFrame.symbols.statements(node.body);

  const iter = compileExpression(c, node.iter, outer);
  const filtered = compileTest(c, node, outer);
  const assign = compileTarget(c, node.target, loopFrame);
  const [begin, end] = [enter(loopFrame), leave(loopFrame)];
  const body = c.body(node.body, loopFrame);
  const otherwise = compileElse(c, node, outer, loopFrame);
  const round = (f: Frame, item: Value, loop?: LoopContext) => {
    if (loopVariable && loop) f.slots[loopVariable.index] = loop;
    assign(f, item);
    begin(f);
    body(f);
  };

  const walk = (f: Frame, items: Value, depth0: number, recurse?: (items: Value, depth0: number) => Value) => {
    f.runtime.at = at;
    const source = filtered ? filtered(node.recursive && f.outer ? f.outer : f, items) : items;
    let rounds = 0;
    if (extended) {
      const loop = new LoopContext(source, depth0, recurse);
      for (let item = loop.next(); item !== undefined; item = loop.next()) { rounds++; round(f, item, loop); }
    } else {
      for (const item of iterate(source)) { rounds++; round(f, item); }
    }
    end(f);
    if (rounds === 0) otherwise?.(f);
  };

  if (!node.recursive) return (f) => walk(f, iter(f), 0);
  return (f) => {
    const recurse = (items: Value, depth0: number): Value => {
      const inner = new Frame(owner.size, f.context, f.runtime, f);
      const text = f.runtime.capture(() => walk(inner, items, depth0, recurse));
      return outer.autoescape ? new Markup(text) : text;
    };
    f.runtime.write(str(recurse(iter(f), 0)));
  };
}

/** The `if` of a for loop: a generator that is asked while the loop runs. */
function compileTest(c: Compilation, node: For, outer: CompileFrame): ((f: Frame, items: Value) => Value) | undefined {
  if (!node.test) return undefined;
  const frame = outer.inner(true);
  frame.symbols.target(node.target, true);
  frame.symbols.expression(node.test);
  const [begin, assign, test] = [enter(frame), compileTarget(c, node.target, frame), compileExpression(c, node.test, frame)];
  const { owner } = frame.symbols;
  return (f, items) => {
    const inner = new Frame(owner.size, f.context, f.runtime, f);
    begin(inner);
    return new PyIterator((function* () {
      for (const item of iterate(items)) {
        assign(inner, item);
        if (truth(test(inner))) yield item;
      }
    })());
  };
}

function compileElse(c: Compilation, node: For, outer: CompileFrame, loopFrame: CompileFrame): Exec | undefined {
  if (node.otherwise.length === 0) return undefined;
  // In a recursive loop the else branch belongs to the loop's function.
  const frame = node.recursive ? outer.inner(loopFrame.symbols.owner) : outer.inner();
  frame.symbols.statements(node.otherwise);
  return framed(frame, c.body(node.otherwise, frame));
}
