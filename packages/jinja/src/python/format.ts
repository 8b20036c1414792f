import { limitText } from '../limits.ts';
import { PyDict } from './dict.ts';
import { PyError, typeError, valueError } from './errors.ts';
import { format } from './format-spec.ts';
import { ascii } from './percent.ts';
import { repr, str } from './repr.ts';
import { Markup, PyFunction, type Value } from './values.ts';

/** How fields such as `{0.name[key]}` look into their arguments. */
export interface Lookups {
  getAttribute(value: Value, name: string): Value;
  getItem(value: Value, key: Value): Value;
}

type Arguments = { readonly list: readonly Value[]; readonly named: ReadonlyMap<string, Value> | PyDict };

/** `str.format` and `str.format_map` with the sandbox's rules for attributes; undefined for other names. */
export function formatMethod(template: string, name: string, lookups: Lookups, escape?: (value: Value) => Markup): PyFunction | undefined {
  if (name === 'format') return new PyFunction(name, (args, kwargs) => new Formatter({ list: args, named: kwargs }, lookups, escape).run(template, 2));
  if (name !== 'format_map') return undefined;
  return new PyFunction(name, (args) => {
    const [named] = args;
    if (!(named instanceof PyDict) || args.length !== 1) throw typeError('format_map() takes exactly one dict');
    return new Formatter({ list: [], named }, lookups, escape).run(template, 2);
  });
}

class Formatter {
  private readonly args: Arguments;
  private readonly lookups: Lookups;
  private readonly escape: ((value: Value) => Markup) | undefined;
  private automatic = 0;
  private numbering: 'automatic' | 'manual' | undefined;

  constructor(args: Arguments, lookups: Lookups, escape?: (value: Value) => Markup) {
    this.args = args;
    this.lookups = lookups;
    this.escape = escape;
  }

  /** Fills in a template; format specifications may hold fields themselves, once. */
  run(template: string, depth: number): string {
    if (depth < 0) throw valueError('Max string recursion exceeded');
    let result = '';
    let i = 0;
    while (i < template.length) {
      const c = template[i] as string;
      if ((c === '{' || c === '}') && template[i + 1] === c) { result += c; i += 2; }
      else if (c === '}') throw valueError("Single '}' encountered in format string");
      else if (c === '{') {
        const end = matching(template, i);
        result += this.field(template.slice(i + 1, end), depth);
        i = end + 1;
      } else {
        const next = template.slice(i).search(/[{}]/);
        const to = next < 0 ? template.length : i + next;
        result += template.slice(i, to);
        i = to;
      }
      limitText(result.length);
    }
    return result;
  }

  private field(field: string, depth: number): string {
    const m = /^((?:[^[\]!:]|\[[^\]]*\])*)(?:!(.))?(?::(.*))?$/su.exec(field);
    if (!m) throw valueError("expected ':' after conversion specifier");
    const [, path = '', conversion, spec = ''] = m;
    let value = this.lookup(path);
    if (conversion === 'r') value = repr(value);
    else if (conversion === 's') value = str(value);
    else if (conversion === 'a') value = ascii(value);
    else if (conversion !== undefined) throw valueError(`Unknown conversion specifier ${conversion}`);
    const wanted = spec.includes('{') ? this.run(spec, depth - 1) : spec;
    if (this.escape && wanted === '') return this.escape(value).text;
    const text = format(value, wanted);
    return this.escape ? this.escape(text).text : text;
  }

  private lookup(path: string): Value {
    const [first = ''] = /^[^.[]*/.exec(path) ?? [];
    let value = this.argument(first);
    for (const [, attribute, key] of path.slice(first.length).matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      if (attribute !== undefined) value = this.lookups.getAttribute(value, attribute);
      else value = this.lookups.getItem(value, /^\d+$/.test(key ?? '') ? Number(key) : key ?? '');
    }
    return value;
  }

  private argument(name: string): Value {
    if (name === '' || /^\d+$/.test(name)) {
      const mode = name === '' ? 'automatic' : 'manual';
      if (this.numbering && this.numbering !== mode) {
        throw valueError(mode === 'manual'
          ? 'cannot switch from automatic field numbering to manual field specification'
          : 'cannot switch from manual field specification to automatic field numbering');
      }
      this.numbering = mode;
      const at = mode === 'automatic' ? this.automatic++ : Number(name);
      const value = this.args.list[at];
      if (value === undefined) throw new PyError('IndexError', `Replacement index ${at} out of range for positional args tuple`);
      return value;
    }
    const value = this.args.named.get(name);
    if (value === undefined) throw new PyError('KeyError', repr(name));
    return value;
  }
}

/** Place of the brace that closes the one at `start`. */
function matching(template: string, start: number): number {
  let depth = 0;
  for (let i = start; i < template.length; i++) {
    if (template[i] === '{') depth++;
    else if (template[i] === '}' && --depth === 0) return i;
  }
  throw valueError(start === template.length - 1 ? "Single '{' encountered in format string" : "expected '}' before end of string");
}
