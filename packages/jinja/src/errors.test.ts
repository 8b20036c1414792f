import { expect, it } from 'vitest';
import { Environment, TemplateError } from './index.ts';

const environment = new Environment({
  loader: (name) => ({
    'base.jinja2': 'a\nb\n{% block body %}\n{{ power_on_comand.upper() }}\n{% endblock %}',
    'broken.jinja2': 'x\n{% if a %}\n',
  })[name],
});

it.each([
  ['an unknown filter', 'x\n{{ a|defualt(1) }}', 'board, line 2: No filter named \'defualt\'.', 'Did you mean "default"?'],
  ['an unknown test', '{{ a is definde }}', "board, line 1: No test named 'definde'.", 'Did you mean "defined"?'],
  ['an undefined variable, used', '\n\n{{ macaddr.upper() }}', "board, line 3: 'macaddr' is undefined", 'Did you mean "mac_addr"?'],
  ['an undefined variable in a parent', '{% extends "base.jinja2" %}', "base.jinja2, line 4: 'power_on_comand' is undefined", 'Did you mean "power_on_command"?'],
  ['a syntax error in a parent', '{% extends "broken.jinja2" %}', /^broken\.jinja2, line 2: Unexpected end of template/, "the 'if' of line 2 lacks its {% endif %}"],
  ['a missing template', '\n{% extends "bsae.jinja2" %}', "board, line 2: there is no template 'bsae.jinja2'", /folder of device types/],
  ['text and number', '{{ "a" + 1 }}', 'board, line 1: can only concatenate str (not "int") to str', 'join a text and a number with ~ instead of +'],
  ['a missing element', '{{ d.nam.x }}', "board, line 1: 'dict object' has no attribute 'nam'", 'Did you mean "name"?'],
  ['an unknown tag', '{% fro x in y %}', "board, line 1: Encountered unknown tag 'fro'.", 'Did you mean "for"?'],
  ['a wrong end', '{% for x in [] %}\n{% endif %}', /board, line 2: Encountered unknown tag 'endif'\. Jinja was looking for the following tags: 'endfor' or 'else'\. The innermost block that needs to be closed is 'for'\./, undefined],
  ['a tag of an extension', '{% do x.append(1) %}', /unknown tag 'do'/, /not part of LAVA's templates/],
  ['an open text', "{{ 'abc }}", "board, line 1: unexpected char '''", 'this text is not closed'],
  ['an open tag', '\n{{ abc', 'board, line 2: this tag is not closed; it lacks \'}}\'', undefined],
  ['an open tag over several lines', '\n  {% if {{\n\n', 'board, line 2: this tag lacks its \'}\'', undefined],
  ['a wrong argument of a filter', '{{ "a"|indent(widht=2) }}', "board, line 1: filter 'indent' got an unexpected keyword argument 'widht'", undefined],
  ['a wrong argument of a macro', '{% macro m(a, b) %}{% endmacro %}\n{{ m(c=1) }}', "board, line 2: macro 'm' takes no keyword argument 'c'", 'it takes: a, b'],
  ['an error in an argument', '{{ "a" ~ (\n1 / 0) }}', 'board, line 2: division by zero', undefined],
  ['an error in a macro', '{% macro m() %}\n\n{{ 1 / 0 }}{% endmacro %}\n{{ m() }}', 'board, line 3: division by zero', undefined],
  ['an error after a macro', '{% macro m() %}\n\nx{% endmacro %}\n{{ m() + 1 }}', /^board, line 4: can only concatenate/, /~/],
])('%s', (_, source, message, hint) => {
  let error: unknown;
  try {
    environment.renderText(source, { mac_addr: '', power_on_command: '', d: { name: 1 } }, 'board');
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TemplateError);
  const { message: said, hint: advised } = error as TemplateError;
  expect(said).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  if (hint !== undefined) expect(advised).toEqual(typeof hint === 'string' ? hint : expect.stringMatching(hint));
});

it('names the column', () => {
  expect(() => environment.renderText('abc {{ x|nope }}', {}, 'board')).toThrow(expect.objectContaining({ at: { file: 'board', line: 1, column: 10 } }));
});

it('keeps a compiled template by its text, not by its name', () => {
  const texts = ['one', 'two', 'one'];
  const changing = new Environment({ loader: () => texts.shift() });
  expect([1, 2, 3].map(() => changing.render('t'))).toEqual(['one', 'two', 'one']);
});

it('takes JavaScript values and keeps what they are', () => {
  expect(environment.renderText('{{ v }}', { v: [1, 1.5, 'a', null, true, { a: [] }, new Map([[1, 'x']]), 2n ** 70n] })).toBe("[1, 1.5, 'a', None, True, {'a': []}, {1: 'x'}, 1180591620717411303424]");
});

it('forgets compiled templates rather than memory', () => {
  for (let i = 0; i < 300; i++) environment.renderText(`{# ${i}${'x'.repeat(100_000)} #}`);
  expect((environment as unknown as { compiledText: number }).compiledText).toBeLessThanOrEqual(10_000_000);
});
