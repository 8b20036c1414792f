import { describe, expect, it } from 'vitest';
import { Environment, TemplateError } from './index.ts';

const environment = new Environment({ loader: (name) => (name === 'itself' ? '{% extends "itself" %}' : name === 'again' ? '{% include "again" %}' : undefined) });

function failure(source: string, limits = {}): TemplateError {
  try {
    (Object.keys(limits).length ? new Environment({ limits }) : environment).renderText(source, {}, 'board.jinja2');
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error('it was rendered');
}

describe('limits', () => {
  it.each([
    ['loops', '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}', 'steps'],
    ['a loop that feeds itself', '{% set l = [1] %}{% for x in l %}{% set _ = l.append(x) %}{% endfor %}', 'range|steps'],
    ['filters on long lists', '{% for a in range(99999) %}{{ range(99999)|sort|map("string")|join|length }}{% endfor %}', 'steps'],
    ['output', '{% for a in range(9999) %}{{ "x" * 9999 }}{% endfor %}', 'output'],
    ['a doubled text', '{% set ns = namespace(x="x") %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}', 'output'],
    ['an added text', '{% set ns = namespace(x="x") %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}', 'output'],
    ['a doubled list', '{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}', 'range'],
    ['a list that shares its parts', '{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}', 'output|steps'],
    ['comparing lists that share their parts', '{% set ns = namespace(x=[1], y=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}', 'steps'],
    ['JSON of shared parts', '{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|tojson }}', 'output|steps'],
    ['pretty-printed shared parts', '{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|pprint }}', 'output|steps'],
    ['a repeated text', '{{ "x" * 10 ** 9 }}', 'output'],
    ['a repeated list', '{{ [1] * 10 ** 9 }}', 'range'],
    ['replace', '{{ ("a" * 10000)|replace("a", "b" * 10000) }}', 'output|steps'],
    ['join', '{{ ("x" * 10000).join(range(9999)|map("string")) }}', 'output'],
    ['padding', '{{ "x"|center(10 ** 9) }}', 'output'],
    ['indent', '{{ "x"|indent(10 ** 9, true) }}', 'output'],
    ['a formatted width', '{{ "{:99999}".format(1) * 100 }}', 'output'],
    ['a range', '{{ range(10 ** 9) }}', 'range'],
    ['work on long texts', '{% set t = "x" * 3900000 %}{% set l = [] %}{% for a in range(9999) %}{% set _ = l.append(t|upper) %}{% endfor %}', 'steps'],
    ['a search that looks again and again', '{% set t = "a" * 2000000 %}{% set p = "a" * 500000 ~ "b" ~ "a" * 500000 %}{% for i in range(99) %}{% if p in t or t.rfind(p) > 0 %}{% endif %}{% endfor %}', 'steps'],
    ['macros', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'depth'],
    ['two macros', '{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}', 'depth'],
    ['a template that extends itself', '{% extends "itself" %}', 'depth'],
    ['a template that includes itself', '{% include "again" %}', 'depth'],
    ['a block that calls itself', '{% block a %}{{ self.a() }}{% endblock %}', 'depth'],
    ['a recursive loop', '{% set l = [1] %}{% set _ = l.append(l) %}{% for x in l recursive %}{{ loop(l) }}{% endfor %}', 'depth'],
    ['a list in itself, compared', '{% set a = [] %}{% set b = [] %}{% set _ = a.append(b) %}{% set _ = b.append(a) %}{{ a == b }}', 'depth|steps'],
    ['a power', '{{ 10 ** (10 ** 10) }}', 'number'],
    ['a number squared again and again', '{% set ns = namespace(n=3) %}{% for a in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}', 'number'],
  ])('ends %s with an error that says where', (_, source, codes) => {
    const error = failure(source);
    expect(error.code).toMatch(new RegExp(`^template-limit-(${codes})$`));
    expect(error.at).toMatchObject({ line: 1 });
  });

  it('ends a slow template by the clock', () => {
    expect(failure('{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}', { steps: 1e12, milliseconds: 30 }).code).toBe('template-limit-time');
  });

  it('refuses nesting that would exhaust the stack', () => {
    for (const source of ['{{ ' + '('.repeat(9999) + '1' + ')'.repeat(9999) + ' }}', `{{ ${'-'.repeat(9999)}1 }}`, `{{ ${'not '.repeat(9999)}1 }}`, '{% if 1 %}'.repeat(9999), `{{ ${'['.repeat(9999)} }}`, `{{ ${'1 if 1 else '.repeat(9999)}1 }}`, `{{ a${'.b'.repeat(20000)} }}`, `{{ 1${' + 1'.repeat(20000)} }}`]) {
      try {
        environment.renderText(source, { a: {} });
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }
  });

  it('is not slowed down by texts made to slow down patterns', () => {
    const spaces = `${' '.repeat(200_000)}x`;
    for (const source of [`{% if 1 %}${spaces}`, `{{ 1${spaces}`, `a${spaces}{%- if 1 %}{% endif %}`, `{# ${spaces}`, `{{ ${'9'.repeat(100_000)}a }}`, `{{ "${'\\'.repeat(100_001)} }}`, `{% raw ${spaces}`]) {
      try {
        environment.renderText(source);
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }
    for (const filter of ['trim', 'title', 'wordcount', 'striptags', 'urlize', 'wordwrap', 'upper', 'replace(" ", "")', 'truncate(5)', 'indent', 'int', 'float', 'center', 'e', 'urlencode']) {
      for (const text of ['" " * 50000 ~ "x"', '"x" * 50000', '"a." * 20000', '"<!--" * 10000', '"(" * 50000', '"-" * 50000', '"a@" * 20000', '"1_" * 20000']) {
        try {
          environment.renderText(`{% set t = (${text})|${filter} %}`);
        } catch (error) {
          expect(error).toMatchObject({ code: 'template-limit-steps' });
        }
      }
    }
  });
});
