import type { Position } from '@lava/base';
import type { Mapping } from '@lava/job';
import { valuesByPath } from './compare.ts';
import { deviceTypeOf } from './device-type.ts';
import { readTemplate, type TemplateSource } from './templates.ts';

/** A dictionary or a template. */
export interface Source { readonly file: string; readonly text: string }

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

/** A `{% set … %}` of a source. */
interface Statement { readonly source: Source; readonly start: number; readonly end: number; readonly value: number }

/** Rendering and checking takes some milliseconds; few dictionaries set more. */
const mostStatements = 60;

/** What a device would be without a statement; undefined if it could not be rendered. */
type Without = (source: Source, text: string) => Mapping | undefined;

/**
 * Finds out which statement is to blame for what is wrong in a rendered configuration: one without which it would be gone.
 * That is the one that has the words in question, or else the one that takes least with it: a section may depend on others.
 * Templates compute, so nothing less than leaving statements out tells.
 * @param sources whose statements are tried; among equals the first counts
 * @param configuration what there is now; undefined if it cannot be read
 * @returns looks for the statement without which a configuration passes, and for the words that are shown in it
 */
export function blame(sources: readonly Source[], configuration: Mapping | undefined, without: Without): (passes: (configuration: Mapping) => boolean, shown: string) => Position | undefined {
  const size = configuration && sizeOf(configuration);
  const statements = sources.map((source) => statementsOf(source).slice(0, mostStatements));
  const tried = new Map<Statement, Mapping | undefined>();
  const remaining = (statement: Statement, passes: (configuration: Mapping) => boolean): Mapping | undefined => {
    if (!tried.has(statement)) tried.set(statement, without(statement.source, textWithout(statement)));
    const other = tried.get(statement);
    return other && passes(other) ? other : undefined;
  };
  return (passes, shown) => {
    const named = shown.length < 2 ? undefined : statements.flat().find((one) => textOf(one).includes(shown) && remaining(one, passes));
    if (named) return placeIn(named, shown);
    let best: { statement: Statement; size: number } | undefined;
    for (const statement of statements.flat()) {
      const left = remaining(statement, passes);
      if (left && (best?.size ?? 0) < sizeOf(left)) best = { statement, size: sizeOf(left) };
      if (best && size !== undefined && size - best.size <= 1) break;
    }
    return best && placeIn(best.statement, shown);
  };
}

const sizeOf = (configuration: Mapping): number => valuesByPath(configuration).size;
const textOf = ({ source, value, end }: Statement): string => source.text.slice(value, end);

function statementsOf(source: Source): Statement[] {
  return [...source.text.matchAll(/\{%[-+]?\s*set\s+\w+\s*=\s*[\s\S]*?%\}/g)].map((match) => {
    const value = match.index + match[0].search(/(?<==\s*)\S/);
    return { source, start: match.index, end: match.index + match[0].length, value };
  });
}

/** The source with blanks in place of a statement: every other line stays where it is. */
const textWithout = ({ source: { text }, start, end }: Statement): string => text.slice(0, start) + text.slice(start, end).replaceAll(/[^\n]/g, ' ') + text.slice(end);

/** Where the statement's value starts, or the part of it that is shown. */
function placeIn({ source: { file, text }, value, end }: Statement, shown: string): Position {
  const part = shown === '' ? -1 : text.slice(value, end).indexOf(shown);
  return positionAt(file, text, part < 0 ? value : value + part);
}

function positionAt(file: string, text: string, offset: number): Position {
  const line = text.slice(0, offset).split('\n');
  return { file, line: line.length, column: (line.at(-1) as string).length + 1 };
}

/** What a rendered line says, without its key and quotes. */
export const valueOf = (rendered: string): string => rendered.replace(/^[\s-]*(?:[\w-]+:)?\s*/, '').trim().replace(/^(["'])(.*)\1$/, '$2');

/** The first place in the sources that has some words: a guess, for what no statement changes. */
export function guess(shown: string, sources: readonly Source[]): Position | undefined {
  const source = shown.length < 2 ? undefined : sources.find(({ text }) => text.includes(shown));
  return source && positionAt(source.file, source.text, source.text.indexOf(shown));
}
