import { charge, checkText } from '../limits.ts';
import { ordered } from '../python/compare.ts';
import { PyDict } from '../python/dict.ts';
import { repr } from '../python/repr.ts';
import { typeName } from '../python/types.ts';
import { PyTuple, type Value } from '../python/values.ts';

const width = 80;

/** `|pprint`: as repr, but lists and dicts that are wider than 80 columns get a line an element, keys in order. */
export function pretty(value: Value): string {
  return write(value, 0, 0);
}

/** `column` is where the value starts, `after` how many characters must follow it on its line. */
function write(value: Value, column: number, after: number): string {
  charge();
  const flat = repr(sortKeys(value));
  if (flat.length <= width - column - after) return flat;
  let text: string | undefined;
  if (value instanceof PyDict && value.size) {
    const entries = inOrder(value);
    text = `{${entries.map(([key, item], i) => {
      const head = `${repr(key)}: `;
      return head + write(item, column + 1 + head.length, i === entries.length - 1 ? after + 1 : 1);
    }).join(`,\n${' '.repeat(column + 1)}`)}}`;
  } else if (Array.isArray(value) && value.length) {
    const isTuple = value instanceof PyTuple;
    const end = isTuple && value.length === 1 ? ',)' : isTuple ? ')' : ']';
    const items = Array.from(value, (item, i) => write(item, column + 1, i === value.length - 1 ? after + end.length : 1));
    text = `${isTuple ? '(' : '['}${items.join(`,\n${' '.repeat(column + 1)}`)}${end}`;
  }
  if (text === undefined) return flat;
  checkText(text.length);
  return text;
}

function inOrder(dict: PyDict): [Value, Value][] {
  return [...dict.entries()].sort(([a], [b]) => {
    try {
      return ordered('<', a, b) ? -1 : ordered('<', b, a) ? 1 : 0;
    } catch {
      // Keys without a common order stand by type.
      return typeName(a) < typeName(b) ? -1 : 1;
    }
  });
}

function sortKeys(value: Value): Value {
  charge();
  if (value instanceof PyDict) return new PyDict(inOrder(value).map(([key, item]) => [key, sortKeys(item)]));
  if (value instanceof PyTuple) return PyTuple.from(value, sortKeys) as PyTuple;
  return Array.isArray(value) ? value.map(sortKeys) : value;
}
