import { getAttribute, getItem, getSlice } from '../python/attributes.ts';
import { binary, unary } from '../python/operators.ts';
import { callValue } from '../python/call.ts';
import { charge, checkText } from '../limits.ts';
import { contains, equal, ordered } from '../python/compare.ts';
import { didYouMean } from '@lava/base';
import { escape } from '../python/html.ts';
import { isIterable, iterate } from '../python/iterate.ts';
import { pairs } from '../python/container-methods.ts';
import { PyDict } from '../python/dict.ts';
import { str } from '../python/repr.ts';
import { textOf, truth, typeName } from '../python/types.ts';
import { typeError } from '../python/errors.ts';
import { Markup, Undefined, noKwargs, tuple, type Kwargs, type Value } from '../python/values.ts';
import { reader, type Compilation, type CompileFrame, type Eval } from './frame.ts';
import type { Scope } from '../builtins/define.ts';
import type { Frame } from '../runtime/runtime.ts';
import type { Arguments, Call, CompareOperator, Expr } from '../syntax/ast.ts';

type Expression<K extends Expr['kind']> = Extract<Expr, { kind: K }>;

/** Compiles an expression to a closure. */
export function compileExpression(c: Compilation, node: Expr, frame: CompileFrame): Eval {
  const sub = (child: Expr) => compileExpression(c, child, frame);
  const at = c.at(node);
  switch (node.kind) {
    case 'const': { const { value } = node; return () => value; }
    case 'name': return compileName(node, frame);
    case 'list': { const items = node.items.map(sub); return (f) => items.map((item) => item(f)); }
    case 'tuple': { const items = node.items.map(sub); return (f) => tuple(items.map((item) => item(f))); }
    case 'dict': {
      const items = node.items.map(([key, value]) => [sub(key), sub(value)] as const);
      return (f) => {
        const dict = new PyDict();
        for (const [key, value] of items) { const k = key(f); const v = value(f); f.runtime.at = at; dict.set(k, v); }
        return dict;
      };
    }
    case 'cond': return compileCondition(c, node, frame);
    case 'logic': {
      const [left, right] = [sub(node.left), sub(node.right)];
      return node.op === 'and'
        ? (f) => { const value = left(f); return truth(value) ? right(f) : value; }
        : (f) => { const value = left(f); return truth(value) ? value : right(f); };
    }
    case 'not': { const inner = sub(node.node); return (f) => !truth(inner(f)); }
    case 'sign': { const [op, inner] = [node.op, sub(node.node)]; return (f) => { const value = inner(f); f.runtime.at = at; return unary(op, value); }; }
    case 'binary': {
      const [op, left, right] = [node.op, sub(node.left), sub(node.right)];
      return (f) => { const a = left(f); const b = right(f); f.runtime.at = at; return binary(op, a, b); };
    }
    case 'concat': return compileConcat(node.items.map(sub), frame.autoescape);
    case 'compare': return compileComparison(c, node, frame);
    case 'attribute': {
      const [inner, name] = [sub(node.node), node.name];
      return (f) => { const value = inner(f); f.runtime.at = at; return getAttribute(value, name); };
    }
    case 'item': return compileItem(c, node, frame);
    case 'slice': return c.fail('a slice is only allowed in brackets after a value', node);
    case 'call': return compileCall(c, node, frame);
    case 'filter': case 'test': return compileFilterOrTest(c, node, frame);
    default: return node satisfies never;
  }
}

function compileName(node: Expression<'name'>, frame: CompileFrame): Eval {
  const { name } = node;
  const read = reader(frame.symbols.ref(name), frame.symbols.owner);
  return (f) => {
    const value = read(f);
    return value === undefined ? new Undefined({ name, known: () => f.context.names() }) : value;
  };
}

function compileCondition(c: Compilation, node: Expression<'cond'>, outer: CompileFrame): Eval {
  const frame = outer.branch();
  const test = compileExpression(c, node.test, frame);
  const value = compileExpression(c, node.value, frame);
  const otherwise = node.otherwise && compileExpression(c, node.otherwise, frame);
  const hint = `the inline if-expression on line ${node.line} in '${c.template}' evaluated to false and no else section was defined.`;
  return (f) => (truth(test(f)) ? value(f) : otherwise ? otherwise(f) : new Undefined({ hint }));
}

function compileConcat(items: readonly Eval[], autoescape: boolean): Eval {
  return (f) => {
    const values = items.map((item) => item(f));
    const markup = autoescape && values.some((value) => value instanceof Markup);
    let text = '';
    for (const value of values) text += markup ? escape(value).text : str(value);
    checkText(text.length);
    return markup ? new Markup(text) : text;
  };
}

function compareBy(op: CompareOperator): (a: Value, b: Value) => boolean {
  switch (op) {
    case '==': return equal;
    case '!=': return (a, b) => !equal(a, b);
    case 'in': return (a, b) => contains(b, a);
    case 'not in': return (a, b) => !contains(b, a);
    default: return (a, b) => ordered(op, a, b);
  }
}

function compileComparison(c: Compilation, node: Expression<'compare'>, frame: CompileFrame): Eval {
  const at = c.at(node);
  const left = compileExpression(c, node.left, frame);
  const ops = node.ops.map(([op, operand]) => [compareBy(op), compileExpression(c, operand, frame)] as const);
  return (f) => {
    let a = left(f);
    for (const [compare, operand] of ops) {
      const b = operand(f);
      f.runtime.at = at;
      if (!compare(a, b)) return false;
      a = b;
    }
    return true;
  };
}

function compileItem(c: Compilation, node: Expression<'item'>, frame: CompileFrame): Eval {
  const at = c.at(node);
  const inner = compileExpression(c, node.node, frame);
  if (node.key.kind === 'slice') {
    const [start, stop, step] = [node.key.start, node.key.stop, node.key.step].map((part): Eval => (part ? compileExpression(c, part, frame) : () => null)) as [Eval, Eval, Eval];
    return (f) => {
      const value = inner(f);
      const [from, to, by] = [start(f), stop(f), step(f)];
      f.runtime.at = at;
      return getSlice(value, from, to, by);
    };
  }
  const key = compileExpression(c, node.key, frame);
  return (f) => {
    const value = inner(f);
    const k = key(f);
    f.runtime.at = at;
    return getItem(value, k);
  };
}

interface ArgumentCode {
  readonly args: (f: Frame, before: Value[]) => Value[];
  readonly kwargs: (f: Frame) => Kwargs;
}

function compileArguments(c: Compilation, { args, kwargs, dynArgs, dynKwargs }: Arguments, frame: CompileFrame): ArgumentCode {
  const positional = args.map((arg) => compileExpression(c, arg, frame));
  const named = kwargs.map(([name, value]) => [name, compileExpression(c, value, frame)] as const);
  const more = dynArgs && compileExpression(c, dynArgs, frame);
  const moreNamed = dynKwargs && compileExpression(c, dynKwargs, frame);
  const duplicate = kwargs.find(([name], i) => kwargs.findIndex(([other]) => other === name) < i);
  if (duplicate) c.fail(`keyword argument repeated: ${duplicate[0]}`, duplicate[1]);
  return {
    args: (f, values) => {
      for (const arg of positional) values.push(arg(f));
      if (more) {
        const spread = more(f);
        if (!isIterable(spread)) throw typeError(`argument after * must be an iterable, not ${typeName(spread)}`);
        for (const value of iterate(spread)) values.push(value);
      }
      return values;
    },
    kwargs: named.length === 0 && !moreNamed ? () => noKwargs : (f) => {
      const values = new Map<string, Value>();
      for (const [name, value] of named) values.set(name, value(f));
      if (moreNamed) {
        const spread = moreNamed(f);
        if (!(spread instanceof PyDict)) throw typeError(`argument after ** must be a mapping, not ${typeName(spread)}`);
        for (const [key, value] of pairs(spread)) {
          const name = textOf(key, 'a keyword');
          if (values.has(name)) throw typeError(`got multiple values for keyword argument '${name}'`);
          values.set(name, value);
        }
      }
      return values;
    },
  };
}

/** Compiles a call; `caller` is the body of a call block. */
export function compileCall(c: Compilation, node: Call, frame: CompileFrame, caller?: Eval): Eval {
  const at = c.at(node);
  const callee = compileExpression(c, node.callee, frame);
  const { args, kwargs } = compileArguments(c, node.args, frame);
  return (f) => {
    const target = callee(f);
    const values = args(f, []);
    const named = caller ? new Map([...kwargs(f), ['caller', caller(f)]]) : kwargs(f);
    charge();
    f.runtime.at = at;
    const result = f.runtime.nested(() => callValue(target, values, named));
    f.runtime.at = at;
    return result;
  };
}

function compileFilterOrTest(c: Compilation, node: Expression<'filter'> | Expression<'test'>, frame: CompileFrame): Eval {
  const at = c.at(node);
  const { name, kind } = node;
  const table: ReadonlyMap<string, unknown> = kind === 'filter' ? c.builtins.filters : c.builtins.tests;
  if (!table.has(name) && !frame.soft) c.fail(`No ${kind} named '${name}'.`, node, didYouMean(name, table.keys()) ?? `known: ${[...table.keys()].filter((known) => /^\w+$/.test(known)).sort().join(', ')}`);
  const inner: Eval = node.node ? compileExpression(c, node.node, frame) : (f) => f.runtime.captured;
  const { args, kwargs } = compileArguments(c, node.args, frame);
  const scope: Scope = { builtins: c.builtins, autoescape: frame.autoescape };
  const apply = kind === 'filter' ? c.builtins.filter.bind(c.builtins) : c.builtins.test.bind(c.builtins);
  return (f) => {
    const values = args(f, [inner(f)]);
    const named = kwargs(f);
    charge();
    f.runtime.at = at;
    return apply(name, scope, values, named);
  };
}

