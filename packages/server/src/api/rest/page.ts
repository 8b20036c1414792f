import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../../store/database.ts';
import { filterConditions, type Fields } from './filter.ts';
import type { RestRequest } from './route.ts';

interface Listing<R, T> {
  readonly db: Kysely<Database>;
  readonly request: RestRequest;
  readonly columns: RawBuilder<unknown>;
  /** Table, with joins where needed. */
  readonly from: RawBuilder<unknown>;
  readonly fields: Fields;
  /** What applies whatever is asked for. */
  readonly where: RawBuilder<boolean>;
  /** Columns that `ordering` may name. */
  readonly orderings: Readonly<Record<string, string>>;
  readonly defaultOrder: RawBuilder<unknown>;
  readonly most: number;
  show(row: R): T;
}

export interface Page<T> { count: number; next: string | null; previous: string | null; results: T[] }

const usual = 50;

/** One page of a list with filters, ordering and links to the pages around it. */
export async function listing<R, T>(l: Listing<R, T>): Promise<Page<T>> {
  const { db, request, from } = l;
  const where = sql.join([l.where, ...await filterConditions(db, l.fields, request.query)], sql` and `);
  const limit = Math.min(positive(request.query['limit']) ?? usual, l.most);
  const offset = positive(request.query['offset']) ?? 0;
  const [count, rows] = await Promise.all([
    sql<{ n: number }>`select count(*)::int as n from ${from} where ${where}`.execute(db),
    sql<R>`select ${l.columns} from ${from} where ${where} order by ${order(l)} limit ${limit} offset ${offset}`.execute(db),
  ]);
  const { n } = count.rows[0]!;
  return {
    count: n,
    next: offset + limit < n ? link(request, limit, offset + limit) : null,
    previous: offset > 0 ? link(request, limit, Math.max(0, offset - limit)) : null,
    results: rows.rows.map((row) => l.show(row)),
  };
}

/** A number above zero; anything else counts as not given. */
function positive(value: string | string[] | undefined): number | undefined {
  const text = Array.isArray(value) ? value.at(-1) : value;
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

function order<R, T>({ request, orderings, defaultOrder }: Listing<R, T>): RawBuilder<unknown> {
  const given = request.query['ordering'];
  const names = (Array.isArray(given) ? given.at(-1) : given)?.split(',') ?? [];
  const columns = names.map((n) => n.trim()).flatMap((name) => {
    const column = orderings[name.replace(/^-/, '')];
    return column !== undefined && Object.hasOwn(orderings, name.replace(/^-/, '')) ? [name.startsWith('-') ? sql`${sql.ref(column)} desc` : sql.ref(column)] : [];
  });
  // The default order comes last, so that pages never overlap.
  return sql.join([...columns, defaultOrder]);
}

/** The same request for another page; the parameters in alphabetical order. */
function link(request: RestRequest, limit: number, offset: number): string {
  const url = new URL(request.url, `${request.protocol}://${request.host}`);
  url.searchParams.set('limit', String(limit));
  if (offset > 0) url.searchParams.set('offset', String(offset));
  else url.searchParams.delete('offset');
  url.searchParams.sort();
  return url.href;
}
