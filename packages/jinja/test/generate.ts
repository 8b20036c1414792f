import * as fc from 'fast-check';
import { PyFloat } from '../src/python/values.ts';
import type { Case } from './cpython.ts';

// Random templates of moderate size: every statement may stand inside any other, and names are few so that they collide.

const name = fc.constantFrom('a', 'b', 'c', 'x', 'items', 'loop');
const literal = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map((n) => (n < 0 ? `(${n})` : String(n))),
  fc.constantFrom('1.5', '0.0', '2.0', 'true', 'false', 'none', '""', '"it\'s"', "'a\\nb'", '"é"', '[]', '{}', '[1, "x"]', '{"k": 1, 2: [3.0]}', '(1, 2)', '"abc"'),
  fc.string({ maxLength: 6 }).map((s) => JSON.stringify(s.replace(/[\\{}#%]/g, ''))),
);

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const sub = tie('expression');
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      literal,
      name,
      fc.tuple(sub, fc.constantFrom('+', '-', '*', '~', '==', '!=', '<', '>=', 'and', 'or', 'in', 'not in', '//', '%', '/'), sub).map(([a, op, b]) => `(${a} ${op} ${b})`),
      sub.map((e) => `(not ${e})`),
      fc.tuple(sub, fc.constantFrom('default("d")', 'upper', 'length', 'string', 'list', 'first', 'last', 'join("-")', 'int', 'float', 'title', 'sort', 'replace("a", "b")', 'indent', 'abs', 'trim', 'reverse|list', 'map("string")|join', 'select("defined")|list', 'tojson', 'unique|list', 'sum', 'capitalize', 'batch(2)|list', 'round', 'e', 'center(9)', 'wordcount')).map(([e, f]) => `${wrap(e)}|${f}`),
      fc.tuple(sub, fc.constantFrom('defined', 'undefined', 'string', 'number', 'mapping', 'iterable', 'sequence', 'none', 'odd', 'sameas true', 'in [1, "a"]')).map(([e, t]) => `(${wrap(e)} is ${t})`),
      fc.tuple(sub, fc.constantFrom('.k', '["k"]', '[0]', '[-1]', '.upper()', '.split()', '.items()', '.get("k")', '.name', '.append(1)')).map(([e, a]) => `${wrap(e)}${a}`),
      fc.tuple(sub, sub, sub).map(([a, b, c]) => `(${a} if ${b} else ${c})`),
      fc.array(sub, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc.tuple(sub, sub).map(([a, b]) => `{"k": ${a}, "l": ${b}}`),
      fc.constantFrom('loop.index', 'loop.last', 'm(1)', 'm(a, b=2)', 'range(3)', 'dict(k=1)', 'ns.v', 'a.b.c', 'b[1:]', 'items[::-1]', 'b[:2]'),
    ),
  };
});

/** Filters bind to the nearest operand, numbers take no attribute. */
function wrap(e: string): string {
  return `(${e})`;
}

const text = fc.constantFrom('x', ' ', '\n', 'a b\n', '  \n', '\n\n', '- ', '<&>');
const open = fc.constantFrom('{% ', '{%- ', '{%+ ');
const close = fc.constantFrom(' %}', ' -%}', ' +%}');
const tag = (inner: fc.Arbitrary<string>) => fc.tuple(open, inner, close).map((parts) => parts.join(''));
const fixed = (inner: string) => tag(fc.constant(inner));

const { body } = fc.letrec<{ body: string; statement: string }>((tie) => {
  const sub = tie('body');
  const join = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(''));
  return {
    body: fc.array(tie('statement'), { maxLength: 4 }).map((all) => all.join('')),
    statement: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      text,
      expression.map((e) => `{{ ${e} }}`),
      expression.map((e) => `{{- ${e} -}}`),
      tag(fc.tuple(fc.constantFrom('a', 'b', 'c', 'x'), expression).map(([n, e]) => `set ${n} = ${e}`)),
      join(tag(expression.map((e) => `if ${e}`)), sub, fixed('elif b'), sub, fixed('else'), sub, fixed('endif')),
      join(tag(expression.map((e) => `if ${e}`)), sub, fixed('endif')),
      join(tag(expression.map((e) => `for x in ${e}`)), sub, fixed('endfor')),
      join(tag(expression.map((e) => `for a in items if ${e}`)), sub, fixed('else'), sub, fixed('endfor')),
      join(fixed('for k, v in {"p": 1, "q": a}.items()'), sub, text, fixed('endfor')),
      join(tag(name.filter((n) => n !== 'loop').map((n) => `set ${n}`)), sub, fixed('endset')),
      join(fixed('filter upper'), sub, fixed('endfilter')),
      join(tag(expression.map((e) => `with b = ${e}`)), sub, fixed('endwith')),
      join(fixed('macro m(a, b=x)'), sub, fixed('endmacro'), fc.constant('{{ m(c) }}')),
      join(fixed('macro w()'), fc.constant('[{{ caller() }}]'), fixed('endmacro'), fixed('call w()'), sub, fixed('endcall')),
      fc.constant('{# note #}\n'),
      fc.constant('{% include "part" %}'),
      fc.constant('{% import "part" as part %}{{ part.q }}'),
    ),
  };
});

const context = fc.constant({ a: 1, b: 'text', items: [1, 'two', new PyFloat(3), null], c: { k: 'v', l: [1, 2] } });
const child = fc.tuple(body, body, body).map(([top, one, two]) => `${top}{% extends "base" %}{% set a = "child" %}${two}{% block one %}${one}{{ super() }}{% endblock %}`);

/** Templates that stand alone and templates that extend another. */
export const template: fc.Arbitrary<Case> = fc.tuple(fc.oneof({ weight: 3, arbitrary: body }, { weight: 1, arbitrary: child }), body, context).map(([source, base, given]) => ({
  source, context: given,
  templates: { base: `${base}{% set b = b|default("base") %}\n{% block one %}one {{ a }}{{ b }}{% endblock %}\n{% block two %}${base.includes('block') ? '' : base}{% endblock %}{{ c }}\n`, part: 'part {{ a }}{{ x }}{% set q = 5 %}\n' },
}));

const textOf = (...parts: string[]) => fc.array(fc.constantFrom(...parts), { maxLength: 14 }).map((all) => all.join(''));
const filtered = (text: fc.Arbitrary<string>, filter: fc.Arbitrary<string>): fc.Arbitrary<Case> => fc.tuple(text, filter).map(([s, f]) => ({ source: `{{ s|${f} }}`, context: { s } }));

/** Texts to be wrapped: blanks, hyphens and dashes of every kind between letters and digits. */
export const wrapped = filtered(
  textOf('a', 'bc', 'word', 'é', '1', '_', ' ', '   ', '-', '-', '--', '---', ',', '"', '.', '\n', '\t', '\u00a0', 'averylongone'),
  fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean(), fc.boolean()).map(([width, long, hyphens]) => `wordwrap(${width}, ${long}, "|", ${hyphens})`),
);

/** Texts with addresses, nearly addresses and punctuation around them. */
export const linked = filtered(
  textOf('http://', 'https://', 'www.', 'mailto:', 'ftp://', 'a', 'foo', 'é', '1', '10.0.0.1', '[::1]', '.', '.', 'com', '.org', '@', '-', '%', ':', ':80', '/', '?q=1', '#x', '(', ')', '<', '>', ',', ' ', '\n'),
  fc.constantFrom('urlize', 'urlize(8)', 'urlize(nofollow=true, target="_blank")', 'urlize(extra_schemes=["ftp://"])'),
);
