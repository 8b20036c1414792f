import type { Position } from '@lava/base';
import { deviceTypeOf } from './device-type.ts';
import { readTemplate, type TemplateSource } from './templates.ts';

interface Source { readonly file: string; readonly text: string }

/** A dictionary and the templates that it extends one after the other, as far as they can be found. */
export function sourcesOf(dictionary: Source, lookup: readonly TemplateSource[]): Source[] {
  const sources = [dictionary];
  // A template that extends itself in the end is found out when it is rendered.
  while (sources.length < 20) {
    const parent = deviceTypeOf((sources.at(-1) as Source).text);
    const text = parent === undefined ? undefined : readTemplate(`${parent}.jinja2`, lookup);
    if (text === undefined) break;
    sources.push({ file: `${parent}.jinja2`, text });
  }
  return sources;
}

/**
 * Where a rendered line comes from: the first line of the dictionary, or else of the templates it extends, with the
 * line's value. A guess, as templates compute; undefined if no line holds it.
 */
export function placeOf(rendered: string, sources: readonly Source[]): Position | undefined {
  const value = rendered.replace(/^[\s-]*(?:[\w-]+:)?\s*/, '').trim().replace(/^(["'])(.*)\1$/, '$2');
  if (value.length < 2) return undefined;
  for (const { file, text } of sources) {
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.includes(value));
    if (at >= 0) return { file, line: at + 1, column: (lines[at] as string).indexOf(value) + 1 };
  }
  return undefined;
}
