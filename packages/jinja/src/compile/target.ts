import { Namespace } from '../builtins/globals.ts';
import { PyError, typeError, valueError } from '../python/errors.ts';
import { isIterable, toList } from '../python/iterate.ts';
import { typeName } from '../python/types.ts';
import { reader, type Compilation, type CompileFrame } from './frame.ts';
import type { Frame } from '../runtime/runtime.ts';
import type { Value } from '../python/values.ts';
import type { Target } from '../syntax/ast.ts';

/** Stores a value into one name or several. */
export function compileTarget(c: Compilation, target: Target, frame: CompileFrame): (f: Frame, value: Value) => void {
  const at = c.at(target);
  if (target.kind === 'targets') {
    const parts = target.items.map((item) => compileTarget(c, item, frame));
    return (f, value) => {
      f.runtime.at = at;
      const values = unpack(value, parts.length);
      for (const [i, part] of parts.entries()) part(f, values[i] as Value);
    };
  }
  const variable = frame.symbols.ref(target.name);
  if (target.kind === 'field') {
    const read = reader(variable, frame.symbols.owner);
    return (f, value) => {
      const namespace = read(f);
      f.runtime.at = at;
      if (!(namespace instanceof Namespace)) throw new PyError('TemplateRuntimeError', 'cannot assign attribute on non-namespace object', { hint: `make ${target.name} with namespace()` });
      namespace.set(target.attribute, value);
    };
  }
  const { index } = variable;
  const { name } = target;
  // Blocks and parents see what is set at the top level.
  if (frame.toplevel) return (f, value) => { f.slots[index] = value; f.context.set(name, value, true); };
  return (f, value) => { f.slots[index] = value; };
}

function unpack(value: Value, count: number): Value[] {
  if (!isIterable(value)) throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
  const values = Array.isArray(value) ? value : toList(value);
  if (values.length < count) throw valueError(`not enough values to unpack (expected ${count}, got ${values.length})`);
  if (values.length > count) throw valueError(`too many values to unpack (expected ${count})`);
  return values;
}
