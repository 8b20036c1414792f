import { sql, type RawBuilder } from 'kysely';
import { isMapping } from '@lava/job';
import { likePattern } from '../../store/like-pattern.ts';
import { HttpError } from '../errors.ts';

type Condition = RawBuilder<boolean>;

/** A refusal is a list of texts, not one for each field. */
const wrong = (message: string) => new HttpError(400, 'bad-field', message, { body: [message] });

const lookups = ['exact', 'iexact', 'in', 'isnull', 'startswith', 'istartswith', 'endswith', 'iendswith', 'icontains'] as const;
type Lookup = typeof lookups[number];

/** Values are compared as texts; yes and no are written as JSON writes them. */
const text = (path: readonly string[]) => sql<string>`jobs.metadata #>> ${[...path]}::text[]`;

/**
 * The condition that `metadata__KEY=value`, `metadata__KEY__SUB__lookup=value` or a question about the whole map asks for.
 * @param name the parameter without a `!` at its end
 */
function metadataCondition(name: string, value: string): Condition {
  const parts = name.split('__').slice(1);
  const whole = parts.length === 1 ? wholeMap(parts[0]!, value) : undefined;
  if (whole) return whole;
  const last = parts.at(-1) as Lookup;
  const lookup = parts.length > 1 && lookups.includes(last) ? last : 'exact';
  const path = lookup === 'exact' && last !== 'exact' ? parts : parts.slice(0, -1);
  if (path.length === 0 || path.some((key) => key === '')) throw wrong(`Missing metadata key in '${name}'`);
  return ofKey(path, lookup, value);
}

function wholeMap(question: string, value: string): Condition | undefined {
  const keys = value.split(',').map((key) => key.trim()).filter(Boolean);
  switch (question) {
    case 'has_key': return sql<boolean>`jsonb_exists(jobs.metadata, ${value})`;
    case 'has_keys': return sql<boolean>`jsonb_exists_all(jobs.metadata, ${keys}::text[])`;
    case 'has_any_keys': return sql<boolean>`jsonb_exists_any(jobs.metadata, ${keys}::text[])`;
    case 'contains': {
      let map: unknown;
      try { map = JSON.parse(value); } catch { /* told below */ }
      if (!isMapping(map)) throw wrong(`metadata__contains expects a JSON object, got '${value.slice(0, 200)}'`);
      return sql<boolean>`jobs.metadata @> ${JSON.stringify(map)}::jsonb`;
    }
    default: return undefined;
  }
}

function ofKey(path: readonly string[], lookup: Lookup, value: string): Condition {
  const inside = likePattern(value);
  switch (lookup) {
    // A list holds a value if one of its members is it.
    case 'exact': return sql<boolean>`(${text(path)} = ${value} or (jsonb_typeof(jobs.metadata #> ${[...path]}::text[]) = 'array'
      and exists (select from jsonb_array_elements_text(case jsonb_typeof(jobs.metadata #> ${[...path]}::text[]) when 'array' then jobs.metadata #> ${[...path]}::text[] else '[]' end) member where member = ${value})))`;
    case 'iexact': return sql<boolean>`lower(${text(path)}) = lower(${value})`;
    case 'in': return sql<boolean>`${text(path)} = any(${value.split(',').map((v) => v.trim())}::text[])`;
    case 'startswith': return sql<boolean>`${text(path)} like ${inside.slice(1)}`;
    case 'istartswith': return sql<boolean>`${text(path)} ilike ${inside.slice(1)}`;
    case 'endswith': return sql<boolean>`${text(path)} like ${inside.slice(0, -1)}`;
    case 'iendswith': return sql<boolean>`${text(path)} ilike ${inside.slice(0, -1)}`;
    case 'icontains': return sql<boolean>`${text(path)} ilike ${inside}`;
    case 'isnull': {
      const is = /^(true|1|yes|on)$/i.test(value) ? true : /^(false|0|no|off)$/i.test(value) ? false : undefined;
      if (is === undefined) throw wrong(`isnull expects a boolean, got '${value.slice(0, 200)}'`);
      return is ? sql<boolean>`${text(path)} is null` : sql<boolean>`${text(path)} is not null`;
    }
  }
}

/** The conditions of all `metadata__…` parameters; a repeated one asks for all its values. */
export function metadataConditions(query: Readonly<Record<string, string | string[] | undefined>>): Condition[] {
  return Object.entries(query).filter(([name]) => name.startsWith('metadata__')).flatMap(([parameter, given]) => {
    const opposite = parameter.endsWith('!');
    return [given ?? []].flat().filter((value) => value !== '').map((value) => {
      const condition = metadataCondition(opposite ? parameter.slice(0, -1) : parameter, value);
      return opposite ? sql<boolean>`(${condition}) is not true` : condition;
    });
  });
}
