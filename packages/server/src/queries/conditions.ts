import { jobHealths, jobStates, priorities } from '@lava/job';
import { sql, type RawBuilder } from 'kysely';
import { likePattern } from '../store/like-pattern.ts';

/* LAVA's conditions of queries in their text form: `table__field__operator__value`, several with commas between. */

/** What the rows of a query are. */
export const queryEntities = ['testjob', 'testsuite', 'testcase'] as const;
export type QueryEntity = typeof queryEntities[number];

export const isQueryEntity = (name: string): name is QueryEntity => (queryEntities as readonly string[]).includes(name);

export interface Condition { readonly table: string; readonly field: string; readonly operator: string; readonly value: string }

/** A condition names a table or field that there is not. */
export class UnknownField extends Error {
  constructor() {
    super('the query names a field that there is not');
  }
}

/** A condition compares in a way that there is not. */
export class UnsupportedLookup extends Error {
  constructor(operator: string) {
    super(`Unsupported lookup '${operator}': use exact, iexact, ne, icontains, gt or lt.`);
  }
}

type Kind = 'text' | 'number' | 'time' | 'flag' | readonly string[];
interface Field { readonly column: RawBuilder<unknown>; readonly kind: Kind }

const resultWords = ['Test passed', 'Test failed', 'Test skipped', 'Unknown outcome'];

const fields: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  testjob: {
    id: { column: sql`jobs.id`, kind: 'number' }, submitter: { column: sql`(select username from users where users.id = jobs.submitter)`, kind: 'text' },
    start_time: { column: sql`jobs.start_time`, kind: 'time' }, end_time: { column: sql`jobs.end_time`, kind: 'time' }, submit_time: { column: sql`jobs.submit_time`, kind: 'time' },
    state: { column: sql`jobs.state`, kind: jobStates }, health: { column: sql`jobs.health`, kind: jobHealths },
    actual_device: { column: sql`jobs.actual_device`, kind: 'text' }, requested_device_type: { column: sql`jobs.requested_device_type`, kind: 'text' },
    health_check: { column: sql`jobs.health_check`, kind: 'flag' }, priority: { column: sql`jobs.priority`, kind: 'number' }, description: { column: sql`jobs.description`, kind: 'text' },
    definition: { column: sql`jobs.definition`, kind: 'text' },
  },
  testsuite: { id: { column: sql`test_suites.id`, kind: 'number' }, name: { column: sql`test_suites.name`, kind: 'text' } },
  testcase: {
    id: { column: sql`test_cases.id`, kind: 'number' }, name: { column: sql`test_cases.name`, kind: 'text' }, result: { column: sql`test_cases.result`, kind: resultWords },
    measurement: { column: sql`test_cases.measurement`, kind: 'number' },
  },
};

/** Conditions on the metadata of jobs: any key is a field. */
const metadataTable = 'namedtestattribute';

const operators = ['exact', 'iexact', 'ne', 'icontains', 'gt', 'lt'];
const operatorsOf = (kind: Kind) => (kind === 'text' ? ['exact', 'iexact', 'ne', 'icontains'] : kind === 'number' ? ['exact', 'iexact', 'ne', 'icontains', 'gt', 'lt']
  : kind === 'time' ? ['exact', 'gt', 'lt'] : kind === 'flag' ? ['exact', 'ne'] : ['exact', 'ne', 'icontains']);

/** What conditions can be made of, for forms: tables, their fields, and how each compares with what. */
export const conditionChoices = [
  ...Object.entries(fields).map(([table, of]) => ({
    table, fields: Object.entries(of).map(([name, { kind }]) => ({ name, operators: operatorsOf(kind), kind: typeof kind === 'string' ? kind : 'choice', choices: typeof kind === 'string' ? [] : [...kind] })),
  })),
  { table: metadataTable, fields: [] },
];

/** All conditions of a text as one of SQL, over `jobs` and, for the entity, `test_suites` and `test_cases`. Throws UnknownField or UnsupportedLookup. */
export const readConditions = (entity: string, text: string): RawBuilder<boolean> => conditionsSql(entity, parseConditions(entity, text));

/** The conditions of a text. Throws UnknownField. */
const parseConditions = (entity: string, text: string): Condition[] => text.split(',').map((one) => parseCondition(entity, one.trim()));

/** Conditions in their text form; one whose value holds a comma cannot be read back. */
export const conditionsText = (conditions: readonly Condition[]) => conditions.map((c) => `${c.table}__${c.field}__${c.operator}__${c.value}`).join(',');

/** What is wrong with a condition that is to be saved: what could never be read or never match. */
export function problemOfCondition({ table, field, operator, value }: Condition): string | undefined {
  const known = fieldOf(table, field);
  if (known === undefined) return `There is no field ${field} of ${table}.`;
  if (!operators.includes(operator)) return new UnsupportedLookup(operator).message;
  if (!operatorsOf(known.kind).includes(operator)) return `${field} cannot be compared with ${operator}: use ${operatorsOf(known.kind).join(', ')}.`;
  if (operator === 'icontains' || operator === 'iexact' || operandOf(known.kind, value) !== undefined) return undefined;
  const wanted = known.kind === 'time' ? 'a time, as in 2026-01-02 03:04:05' : known.kind === 'number' ? 'a number' : `one of: ${(known.kind as readonly string[]).join(', ')}`;
  return `${field} is compared with "${value.slice(0, 60)}", but must be ${wanted}.`;
}

/** The conditions as one of SQL. Throws UnknownField or UnsupportedLookup. */
export function conditionsSql(entity: string, conditions: readonly Condition[]): RawBuilder<boolean> {
  // What is said of suites and cases of a job, or cases of a suite, must hold for one and the same of them.
  const [own, below] = [conditions.filter((c) => isOwn(entity, c.table)), conditions.filter((c) => !isOwn(entity, c.table))];
  const parts = own.map(asSql);
  if (below.length > 0) parts.push(existsBelow(entity, below));
  return parts.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(parts, sql` and `)})`;
}

const order = [metadataTable, ...queryEntities];
const isOwn = (entity: string, table: string) => order.indexOf(table) <= order.indexOf(entity);

function existsBelow(entity: string, conditions: readonly Condition[]): RawBuilder<boolean> {
  const where = sql.join(conditions.map(asSql), sql` and `);
  const cases = conditions.some((c) => c.table === 'testcase');
  if (entity === 'testsuite') return sql<boolean>`exists (select from test_cases where test_cases.suite_id = test_suites.id and ${where})`;
  const join = cases ? sql`join test_cases on test_cases.suite_id = test_suites.id` : sql``;
  return sql<boolean>`exists (select from test_suites ${join} where test_suites.job = jobs.id and ${where})`;
}

function parseCondition(entity: string, text: string): Condition {
  const parts = text.split('__');
  const [table, field, operator, ...value] = parts.length >= 4 ? parts : parts.length === 3 ? [entity, ...parts] : parts.length === 2 ? [entity, parts[0]!, 'exact', parts[1]!] : [];
  if (table === undefined || field === undefined || operator === undefined || fieldOf(table, field) === undefined) throw new UnknownField();
  return { table, field, operator, value: value.join('__') };
}

function fieldOf(table: string, field: string): Field | undefined {
  if (table === metadataTable) return { column: sql`jobs.metadata ->> ${field}`, kind: 'text' };
  return Object.hasOwn(fields, table) && Object.hasOwn(fields[table]!, field) ? fields[table]![field] : undefined;
}

function asSql({ table, field, operator, value }: Condition): RawBuilder<boolean> {
  const known = fieldOf(table, field);
  if (known === undefined) throw new UnknownField();
  const { column, kind } = known;
  const operand = operandOf(kind, value);
  switch (operator) {
    case 'exact': return operand === undefined ? sql<boolean>`false` : sql<boolean>`${column} = ${operand}`;
    case 'ne': return operand === undefined ? sql<boolean>`${column} is not null` : sql<boolean>`${column} <> ${operand}`;
    case 'gt': return operand === undefined ? sql<boolean>`false` : sql<boolean>`${column} > ${operand}`;
    case 'lt': return operand === undefined ? sql<boolean>`false` : sql<boolean>`${column} < ${operand}`;
    case 'iexact': return sql<boolean>`lower((${column})::text) = lower(${value})`;
    case 'icontains': return sql<boolean>`(${column})::text ilike ${likePattern(value)}`;
    default: throw new UnsupportedLookup(operator);
  }
}

/** The value as the column has it; undefined if nothing in the column can be it. */
function operandOf(kind: Kind, value: string): RawBuilder<unknown> | undefined {
  switch (kind) {
    case 'text': return sql`${value}::text`;
    case 'flag': return sql`${value !== 'False'}::boolean`;
    case 'number': {
      const word = priorities[value.toLowerCase() as keyof typeof priorities];
      const number = word ?? (/^-?\d{1,12}(\.\d{1,10})?$/.test(value) ? value : undefined);
      return number === undefined ? undefined : sql`${number}::numeric`;
    }
    case 'time': {
      const at = new Date(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : /^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/.test(value) ? `${value.replace(' ', 'T')}Z` : 'none');
      return Number.isNaN(at.getTime()) ? undefined : sql`${at}::timestamptz`;
    }
    default: {
      const n = kind.indexOf(value);
      return n < 0 ? undefined : sql`${n}::smallint`;
    }
  }
}
