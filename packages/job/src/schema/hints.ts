import { didYouMean, nearestWord } from '@lava/base';
import { isMapping, type Mapping } from '../mapping.ts';
import type { Schema } from './schema.ts';

/** What to do about a value that a declaration does not allow. */
export function hintOnValue(schema: Schema, value: unknown): string | undefined {
  const words = wordsOf(schema);
  const meant = typeof value === 'string' && words.length && !(schema.kind === 'literal' && schema.about) ? didYouMean(value, words) : undefined;
  return meant ?? (schema.kind === 'text' ? hintOnText(value) : undefined) ?? (schema.about ? `It is ${schema.about}.` : undefined) ?? byKind(schema, value);
}

function hintOnText(value: unknown): string | undefined {
  if (isMapping(value)) return Object.keys(value).length === 1 ? 'Quote it if it is one text: YAML takes ": " in it for a mapping.' : undefined;
  return value === null || Array.isArray(value) || typeof value === 'string' ? undefined : 'Quote it, so that YAML takes it for a text.';
}

function byKind(schema: Schema, value: unknown): string | undefined {
  switch (schema.kind) {
    case 'bool': return 'Write true or false, without quotes.';
    case 'number': return typeof value === 'string' && /^[+-]?\d+$/.test(value) ? 'Remove the quotes, so that YAML takes it for a number.' : 'Write a number.';
    case 'list': return typeof value === 'string' && /^[\w.-]{1,40}$/.test(value) ? `Write it as a list: [${value}].` : 'Write a list: "- " before each entry.';
    case 'mapping': return Array.isArray(value) ? 'Write keys with values, without "- " before them.' : 'Write keys and values below it.';
    case 'either': return wordsOf(schema).length ? 'Write one of these words as it stands here.' : undefined;
    default: return undefined;
  }
}

/** Words that a value may be. */
function wordsOf(schema: Schema): string[] {
  if (schema.kind === 'literal') return schema.value === null ? [] : [schema.value];
  return schema.kind === 'either' ? schema.options.flatMap(wordsOf) : [];
}

/** The key that stands where a missing one was meant, if one looks like it. */
export const lookalike = (key: string, value: Mapping, known: readonly string[]): string | undefined =>
  nearestWord(key, Object.keys(value).slice(0, 100).filter((other) => !known.includes(other)));

/** What to do about a key that does not match what keys have to. */
export function hintOnName(key: string, pattern: RegExp): string {
  const plain = key.toLowerCase().replaceAll('_', '-');
  return pattern.test(plain) ? `Write "${plain}:".` : `Allowed are names that match ${pattern.source}.`;
}

/** What to do about a key that is not allowed, beside other words for it: what is allowed. */
export function listOfKeys(known: readonly string[]): string | undefined {
  const shown = known.slice(0, 40);
  return shown.length ? `Allowed here: ${shown.join(', ')}${known.length > shown.length ? ' …' : ''}.` : undefined;
}
