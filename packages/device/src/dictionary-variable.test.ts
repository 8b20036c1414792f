import { expect, test } from 'vitest';
import { dictionaryVariable } from './dictionary-variable.ts';

test('a variable of the dictionary itself', () => {
  const dictionary = "{% extends 'nothing.jinja2' %}\n{% set board = 'a' %}\n{% set wanted = {'type': board, 'tags': ['x'], 'quote': '<\\'>'} %}\n";
  expect(dictionaryVariable(dictionary, 'wanted')).toEqual({ type: 'a', tags: ['x'], quote: "<'>" });
  expect(dictionaryVariable(dictionary, 'other')).toBeUndefined();
  expect(() => dictionaryVariable('{% set a = %}', 'a')).toThrow();
});
