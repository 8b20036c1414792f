import { isQueryEntity, queryEntities, readConditions, UnknownField, UnsupportedLookup } from '../queries/conditions.ts';
import type { RowSource } from '../queries/rows.ts';
import { badRequest } from './errors.ts';
import { text, type Query } from './query.ts';

/** The rows of a query that an address holds: `entity` and `conditions`; without conditions all rows. */
export function customRows(query: Query): RowSource {
  const entity = text(query, 'entity') ?? 'testjob';
  if (!isQueryEntity(entity)) throw badRequest(`There are no queries of "${entity.slice(0, 40)}".`, `One of: ${queryEntities.join(', ')}.`);
  try {
    return { entity, where: readConditions(entity, text(query, 'conditions', 10_000) ?? 'id__gt__0') };
  } catch (error) {
    if (error instanceof UnknownField || error instanceof UnsupportedLookup) throw badRequest(`The conditions cannot be read: ${error.message}`, 'Write them as table__field__operator__value, with commas between them.');
    throw error;
  }
}
