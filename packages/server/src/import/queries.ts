import { refreshQuery } from '../queries/change-query.ts';
import { isQueryEntity, problemOfCondition } from '../queries/conditions.ts';
import { isChartType } from '../queries/chart-data.ts';
import { queriesById } from '../queries/saved-query.ts';
import type { Change } from '../store/change.ts';
import type { ImportParts, People } from './import-parts.ts';
import type { Row } from './source.ts';

/** Saved queries and charts. A query whose rows are stored is run once more here. */
export async function importQueries(parts: ImportParts, people: People): Promise<void> {
  const made = await parts.change(async (c) => {
    const queries = await savedQueries(parts, c, people);
    await charts(parts, c, people, queries.numbers);
    return queries.made;
  });
  if (parts.dryRun) return;
  for (const query of await queriesById(parts.db, made)) await refreshQuery(parts.db, query);
}

async function savedQueries({ source, report }: ImportParts, c: Change, people: People): Promise<{ numbers: Map<number, number>; made: number[] }> {
  const found = await source.rows('lava_results_app_query', ['id', 'name', 'owner_id', 'description', 'content_type_id', 'limit', 'is_published', 'is_live', 'is_archived', 'group_id', 'query_group_id'], 'order by id');
  const labels = namesOf(await source.rows('lava_results_app_querygroup', ['id', 'name']));
  const entities = new Map((await source.query('select id, model from django_content_type')).map((r) => [r['id'], String(r['model'])]));
  const conditions = await source.rows('lava_results_app_querycondition', ['query_id', 'table_id', 'field', 'operator', 'value'], 'order by id');
  const omitted = await source.rows('lava_results_app_queryomitresult', ['query_id', 'content_type_id', 'object_id']);
  const [numbers, made, unusable] = [new Map<number, number>(), [] as number[], [] as string[]];
  for (const r of found) {
    const [id, name, entity, owner] = [Number(r['id']), String(r['name']), entities.get(r['content_type_id']) ?? '', people.users.get(Number(r['owner_id']))];
    const own = conditions.filter((condition) => condition['query_id'] === r['id']).map((condition) => ({
      table: entities.get(condition['table_id']) ?? '', field: String(condition['field']), operator: String(condition['operator']), value: plain(String(condition['value'])),
    }));
    if (owner === undefined || !isQueryEntity(entity) || own.some((condition) => problemOfCondition(condition) !== undefined)) {
      unusable.push(name);
      continue;
    }
    const query = await c.trx.insertInto('queries').values({
      owner, name, entity, description: text(r['description']), row_limit: Math.max(20, Number(r['limit'] ?? 200)), is_published: r['is_published'] === true, is_live: r['is_live'] === true, is_archived: r['is_archived'] === true,
      group_id: people.groups.get(Number(r['group_id'])) ?? null, label: labels.get(r['query_group_id']) ?? '',
      // Jobs keep their numbers, suites and cases may not.
      omitted: entity === 'testjob' ? omitted.filter((o) => o['query_id'] === r['id'] && o['content_type_id'] === r['content_type_id']).map((o) => Number(o['object_id'])) : [],
    }).onConflict((on) => on.doNothing()).returning('id').executeTakeFirst();
    if (query) {
      made.push(query.id);
      if (own.length > 0) await c.trx.insertInto('query_conditions').values(own.map(({ table, ...condition }) => ({ ...condition, query: query.id, table_name: table }))).execute();
    }
    numbers.set(id, query?.id ?? (await c.trx.selectFrom('queries').select('id').where('owner', '=', owner).where('name', '=', name).executeTakeFirstOrThrow()).id);
  }
  if (found.length > 0) report.took('saved queries', made.length, numbers.size);
  report.left('saved queries with conditions that cannot be read', unusable);
  return { numbers, made };
}

async function charts({ source, report }: ImportParts, c: Change, people: People, queries: ReadonlyMap<number, number>): Promise<void> {
  const found = await source.rows('lava_results_app_chart', ['id', 'name', 'owner_id', 'description', 'is_published', 'group_id', 'chart_group_id'], 'order by id');
  const labels = namesOf(await source.rows('lava_results_app_chartgroup', ['id', 'name']));
  const parts = await source.rows('lava_results_app_chartquery', ['chart_id', 'query_id', 'chart_type', 'target_goal', 'chart_height', 'is_percentage', 'chart_visibility', 'xaxis_attribute', 'representation', 'relative_index', 'attributes'], 'order by chart_id, relative_index, id');
  let made = 0;
  for (const r of found) {
    const owner = people.users.get(Number(r['owner_id']));
    if (owner === undefined) continue;
    const chart = await c.trx.insertInto('charts').values({ owner, name: String(r['name']), description: text(r['description']), is_published: r['is_published'] === true, group_id: people.groups.get(Number(r['group_id'])) ?? null, label: labels.get(r['chart_group_id']) ?? '' })
      .onConflict((on) => on.doNothing()).returning('id').executeTakeFirst();
    if (!chart) continue;
    made += 1;
    for (const [position, part] of parts.filter((p) => p['chart_id'] === r['id']).entries()) {
      const [query, type] = [queries.get(Number(part['query_id'])), String(part['chart_type'])];
      if (query === undefined || !isChartType(type)) continue;
      await c.trx.insertInto('chart_queries').values({
        chart: chart.id, query, position, type, representation: part['representation'] === 'bars' ? 'bars' : 'lines', visibility: part['chart_visibility'] === 'table' ? 'table' : part['chart_visibility'] === 'both' ? 'both' : 'chart',
        height: Math.min(400, Math.max(200, Number(part['chart_height'] ?? 300))), is_percentage: part['is_percentage'] === true, target_goal: part['target_goal'] === null ? null : Number(part['target_goal']),
        x_attribute: text(part['xaxis_attribute']) || null, attributes: text(part['attributes']).split(',').map((a) => a.trim()).filter(Boolean),
      }).execute();
    }
  }
  if (found.length > 0) report.took('charts', made, found.length);
}

const namesOf = (rows: readonly Row[]) => new Map(rows.map((r) => [r['id'], String(r['name'])]));
const text = (value: unknown) => (typeof value === 'string' ? value : '');

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" };
/** LAVA's form stored values as they stand in HTML. */
const plain = (value: string) => value.replaceAll(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name: string) => entities[name]!);
