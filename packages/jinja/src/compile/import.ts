import { Module } from '../runtime/module.ts';
import { PyError } from '../python/errors.ts';
import { PyTuple, orUndefined, type Value } from '../python/values.ts';
import { compileExpression } from './expressions.ts';
import { visibleLocals, type Compilation, type CompileFrame, type Exec } from './frame.ts';
import { Context, type Frame, type Runtime, type TemplateCode } from '../runtime/runtime.ts';
import type { FromImport, Import, Include } from '../syntax/ast.ts';

export function compileInclude(c: Compilation, node: Include, frame: CompileFrame): Exec {
  const at = c.at(node);
  const name = compileExpression(c, node.template, frame);
  const locals = visibleLocals(frame);
  return (f) => {
    const wanted = name(f);
    f.runtime.at = at;
    const code = select(f.runtime, wanted, node.ignoreMissing);
    if (!code) return;
    if (node.withContext) f.runtime.nested(() => code.run(Context.of(code, f.context.all(locals(f))), f.runtime));
    else f.runtime.write(module(f.runtime, code).text);
    f.runtime.at = at;
  };
}

/** The first of the named templates that there is. */
function select(runtime: Runtime, wanted: Value, ignoreMissing: boolean): TemplateCode | undefined {
  const names = Array.isArray(wanted) ? [...wanted] : [wanted];
  let lack: unknown;
  for (const name of names) {
    try {
      return runtime.load(name);
    } catch (error) {
      if (!(error instanceof PyError && error.kind === 'TemplateNotFound')) throw error;
      lack = error;
    }
  }
  if (ignoreMissing) return undefined;
  if (names.length === 1) throw lack;
  throw new PyError('TemplateNotFound', names.length === 0
    ? 'Tried to select from an empty list of templates.'
    : `none of the templates given were found: ${names.map(String).join(', ')}`, { code: 'template-not-found' });
}

/** A template run for what it exports, without the variables of who imports it; once a render. */
function module(runtime: Runtime, code: TemplateCode): Module {
  let made = runtime.modules.get(code);
  if (!made) runtime.modules.set(code, made = run(runtime, code, Context.of(code, runtime.globals)));
  return made;
}

function run(runtime: Runtime, code: TemplateCode, context: Context): Module {
  const text = runtime.nested(() => runtime.capture(() => code.run(context, runtime)));
  return new Module(context.template, text, new Map([...context.exported].map((name) => [name, context.vars.get(name) ?? null])));
}

function compileModule(c: Compilation, node: Import | FromImport, frame: CompileFrame): (f: Frame) => Module {
  const at = c.at(node);
  const name = compileExpression(c, node.template, frame);
  const locals = visibleLocals(frame);
  return (f) => {
    const wanted = name(f);
    f.runtime.at = at;
    const code = f.runtime.load(wanted instanceof PyTuple ? wanted[0] ?? '' : wanted);
    const made = node.withContext ? run(f.runtime, code, Context.of(code, f.context.all(locals(f)))) : module(f.runtime, code);
    f.runtime.at = at;
    return made;
  };
}

export function compileImport(c: Compilation, node: Import, frame: CompileFrame): Exec {
  const load = compileModule(c, node, frame);
  const { index } = frame.symbols.ref(node.target);
  const { toplevel } = frame;
  return (f) => {
    const made = load(f);
    f.slots[index] = made;
    if (toplevel) keep(f, node.target, made);
  };
}

export function compileFromImport(c: Compilation, node: FromImport, frame: CompileFrame): Exec {
  const load = compileModule(c, node, frame);
  const { toplevel } = frame;
  const names = node.names.map(([name, alias]) => ({ name, alias, index: frame.symbols.ref(alias).index }));
  return (f) => {
    const made = load(f);
    for (const { name, alias, index } of names) {
      const value = orUndefined(made.attribute(name), {
        hint: `the template '${made.template}' (imported on line ${node.line} in '${c.template}') does not export the requested name '${name}'`, name,
      });
      f.slots[index] = value;
      if (toplevel) keep(f, alias, value);
    }
  };
}

/** Blocks and parents see what is imported, importers of this template do not. */
function keep(f: Frame, name: string, value: Value): void {
  f.context.set(name, value, false);
  f.context.exported.delete(name);
}
