import { charge } from '../limits.ts';
import { escape } from '../python/html.ts';
import { PyError } from '../python/errors.ts';
import { str } from '../python/repr.ts';
import { truth } from '../python/types.ts';
import { Markup, type Value } from '../python/values.ts';
import { compileExpression } from './expressions.ts';
import { compileFor } from './for.ts';
import { compileCallBlock, compileMacro } from './macro.ts';
import { compileFromImport, compileImport, compileInclude } from './import.ts';
import { compileTarget } from './target.ts';
import { enter, framed, leave, visibleLocals, type Compilation, type CompileFrame, type Eval, type Exec } from './frame.ts';
import type { Block, Extends, FilterBlock, If, Output, SetBlock, Stmt, With } from '../syntax/ast.ts';

/** Compiles statements to one closure that runs them in order. */
export function compileBody(c: Compilation, body: readonly Stmt[], frame: CompileFrame): Exec {
  const steps: Exec[] = body.map((node) => compileStatement(c, node, frame));
  return (f) => {
    for (const step of steps) { charge(); step(f); }
  };
}

function compileStatement(c: Compilation, node: Stmt, frame: CompileFrame): Exec {
  switch (node.kind) {
    case 'output': return compileOutput(c, node, frame);
    case 'if': return compileIf(c, node, frame);
    case 'for': return compileFor(c, node, frame);
    case 'set': {
      const value = compileExpression(c, node.value, frame);
      const assign = compileTarget(c, node.target, frame);
      return (f) => assign(f, value(f));
    }
    case 'set-block': return compileSetBlock(c, node, frame);
    case 'filter-block': return compileFilterBlock(c, node, frame);
    case 'with': return compileWith(c, node, frame);
    case 'block': return compileBlock(c, node, frame);
    case 'extends': return compileExtends(c, node, frame);
    case 'include': return compileInclude(c, node, frame);
    case 'import': return compileImport(c, node, frame);
    case 'from-import': return compileFromImport(c, node, frame);
    case 'macro': return compileMacro(c, node, frame);
    case 'call-block': return compileCallBlock(c, node, frame);
    case 'autoescape': {
      const inner = frame.inner();
      if (node.value.kind !== 'const') c.fail('autoescape takes true or false', node);
      inner.autoescape = node.value.kind === 'const' && truth(node.value.value);
      inner.symbols.statements(node.body);
      return framed(inner, c.body(node.body, inner));
    }
    default: return node satisfies never;
  }
}

/** Output of a template that extends another is dropped. */
function unlessExtending(c: Compilation, frame: CompileFrame, run: Exec): Exec {
  if (!frame.checkOutput) return run;
  if (c.hasKnownExtends) return () => undefined;
  return (f) => { if (f.parent === undefined) run(f); };
}

function compileOutput(c: Compilation, node: Output, frame: CompileFrame): Exec {
  if (frame.checkOutput && c.hasKnownExtends) return () => undefined;
  const { autoescape } = frame;
  const items = node.items.map((item): Exec => {
    if (typeof item === 'string') return (f) => f.runtime.write(item);
    const value = compileExpression(c, item, frame);
    const at = c.at(item);
    return (f) => {
      f.runtime.at = at;
      const result = value(f);
      f.runtime.write(typeof result === 'string' && !autoescape ? result : autoescape ? escape(result).text : str(result));
    };
  });
  return unlessExtending(c, frame, items.length === 1 ? items[0] as Exec : (f) => { for (const item of items) item(f); });
}

function compileIf(c: Compilation, node: If, frame: CompileFrame): Exec {
  const branch = frame.branch();
  const branches = [node, ...node.elifs].map((one) => [compileExpression(c, one.test, branch), c.body(one.body, branch)] as const);
  const otherwise = c.body(node.otherwise, branch);
  return (f) => {
    for (const [test, body] of branches) if (truth(test(f))) return body(f);
    return otherwise(f);
  };
}

function compileSetBlock(c: Compilation, node: SetBlock, frame: CompileFrame): Exec {
  const inner = frame.inner();
  inner.checkOutput = false;
  inner.symbols.statements(node.body);
  if (node.filter) inner.symbols.expression(node.filter);
  const body = c.body(node.body, inner);
  const filter = node.filter && compileExpression(c, node.filter, inner);
  const assign = compileTarget(c, node.target, frame);
  const mark = (value: Value): Value => (frame.autoescape ? new Markup(str(value)) : value);
  const [begin, end] = [enter(inner), leave(inner)];
  return (f) => {
    begin(f);
    f.runtime.captured = f.runtime.capture(() => body(f));
    assign(f, mark(filter ? filter(f) : f.runtime.captured));
    end(f);
  };
}

function compileFilterBlock(c: Compilation, node: FilterBlock, frame: CompileFrame): Exec {
  const inner = frame.inner();
  inner.symbols.statements(node.body);
  inner.symbols.expression(node.filter);
  const body = c.body(node.body, inner);
  const filter = compileExpression(c, node.filter, inner);
  return framed(inner, (f) => {
    const text = f.runtime.capture(() => body(f));
    f.runtime.captured = frame.autoescape ? new Markup(text) : text;
    f.runtime.write(str(filter(f)));
  });
}

function compileWith(c: Compilation, node: With, frame: CompileFrame): Exec {
  const inner = frame.inner();
  for (const target of node.targets) inner.symbols.target(target, true);
  inner.symbols.statements(node.body);
  const values: Eval[] = node.values.map((value) => compileExpression(c, value, frame));
  const targets = node.targets.map((target) => compileTarget(c, target, inner));
  const body = c.body(node.body, inner);
  return framed(inner, (f) => {
    for (const [i, target] of targets.entries()) target(f, (values[i] as Eval)(f));
    body(f);
  });
}

function compileBlock(c: Compilation, node: Block, frame: CompileFrame): Exec {
  if (frame.toplevel && c.hasKnownExtends) return () => undefined;
  const at = c.at(node);
  const locals = node.scoped ? visibleLocals(frame) : undefined;
  const run: Exec = (f) => {
    const codes = f.context.blocks.get(node.name) ?? [];
    f.runtime.at = at;
    if (node.required && codes.length <= 1) throw new PyError('TemplateRuntimeError', `Required block '${node.name}' not found`, { hint: `define {% block ${node.name} %} in the child template` });
    const context = locals ? f.context.derived(locals(f)) : f.context;
    f.runtime.nested(() => codes[0]?.run(context, f.runtime));
  };
  if (!frame.toplevel || c.extendsSoFar === 0) return run;
  return (f) => { if (f.parent === undefined) run(f); };
}

function compileExtends(c: Compilation, node: Extends, frame: CompileFrame): Exec {
  if (!frame.toplevel) c.fail('cannot use extend from a non top-level scope', node, 'put {% extends %} first, outside of any block or loop');
  const at = c.at(node);
  const name = compileExpression(c, node.template, frame);
  const second = c.extendsSoFar > 0;
  if (frame.rootlevel) c.hasKnownExtends = true;
  c.extendsSoFar++;
  return (f) => {
    const wanted = name(f);
    f.runtime.at = at;
    if (second && f.parent) throw new PyError('TemplateRuntimeError', 'extended multiple times', { hint: 'a template extends one other template' });
    f.parent = f.runtime.load(wanted);
    for (const [block, code] of f.parent.blocks) {
      const codes = f.context.blocks.get(block);
      if (codes) codes.push(code);
      else f.context.blocks.set(block, [code]);
    }
  };
}

