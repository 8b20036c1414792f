import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, withQuery } from '../api/http.ts';
import type { JobRow } from '../api/types.ts';

export const entities = [['testjob', 'Jobs'], ['testsuite', 'Test suites'], ['testcase', 'Test cases']] as const;
export type Entity = typeof entities[number][0];
export const entityName = (entity: Entity): string => entities.find(([key]) => key === entity)![1];

export interface Condition { table: string; field: string; operator: string; value: string }

/** A saved query (docs/api.md). */
export interface SavedQuery {
  owner: string; name: string; description: string; entity: Entity; limit: number; label: string; group: string | null; is_published: boolean; is_live: boolean; is_archived: boolean;
  is_changed: boolean; refreshed_at: string | null; omitted: number[]; conditions: Condition[]; conditions_text: string; can_change: boolean;
}

interface SuiteFound { id: number; name: string; job: number; passed: number; failed: number; skipped: number; unknown: number }
interface CaseFound { id: number; name: string; suite: string; job: number; result: 'pass' | 'fail' | 'skip' | 'unknown'; measurement: string | null; units: string; logged: string }
export type Found = { more: boolean } & ({ entity: 'testjob'; rows: JobRow[] } | { entity: 'testsuite'; rows: SuiteFound[] } | { entity: 'testcase'; rows: CaseFound[] });

export interface ConditionTable { table: string; fields: { name: string; operators: string[]; kind: string; choices: string[] }[] }

export interface Point { job: number; date: string; x: string; pass: boolean; value: number | null; counts?: { passed: number; failed: number; skipped: number; unknown: number } }
export interface Series { name: string; points: Point[] }
export const chartTypes = ['pass/fail', 'measurement', 'attributes'] as const;
export interface ChartPart {
  query: string; type: typeof chartTypes[number]; representation: 'lines' | 'bars'; visibility: 'chart' | 'table' | 'both'; height: number; is_percentage: boolean; target_goal: number | null;
  x_attribute: string | null; attributes: string[];
}
export interface ChartRow { name: string; owner: string; description: string; label: string; group: string | null; is_published: boolean; can_change: boolean }
export interface Chart extends ChartRow { parts: (ChartPart & { description: string; is_live: boolean; refreshed_at: string | null; has_omitted: boolean; series: Series[]; problem?: string })[] }

/** The address of a query in the API. */
export const queryPath = ({ owner, name }: { owner: string; name: string }) => `queries/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
/** Its page: LAVA's addresses have a tilde before the owner. */
export const queryAddress = ({ owner, name }: { owner: string; name: string }) => `/results/query/~${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
export const chartPath = (name: string) => `charts/${encodeURIComponent(name)}`;

export const queriesQuery = queryOptions({ queryKey: ['queries'], queryFn: async ({ signal }) => (await get<{ queries: SavedQuery[] }>('queries', signal)).queries });
export const queryQuery = (owner: string, name: string) => queryOptions({ queryKey: ['queries', owner, name], queryFn: ({ signal }) => get<SavedQuery>(queryPath({ owner, name }), signal) });
/** @param path of the rows: those of a saved query, or of one that an address holds */
export const foundQuery = (path: string, query: Record<string, string | undefined>) => queryOptions({
  queryKey: ['queries', 'found', path, query], queryFn: ({ signal }) => get<Found>(withQuery(path, query), signal), placeholderData: keepPreviousData,
});
export const choicesQuery = queryOptions({ queryKey: ['queries', 'choices'], queryFn: async ({ signal }) => (await get<{ tables: ConditionTable[] }>('queries/+choices', signal)).tables, staleTime: Infinity });
export const chartsQuery = queryOptions({ queryKey: ['charts'], queryFn: async ({ signal }) => (await get<{ charts: ChartRow[] }>('charts', signal)).charts });
export const chartQuery = (name: string) => queryOptions({ queryKey: ['charts', name], queryFn: ({ signal }) => get<Chart>(chartPath(name), signal) });
export const customChartQuery = (query: Record<string, string>) => queryOptions({ queryKey: ['charts', 'custom', query], queryFn: async ({ signal }) => (await get<{ series: Series[] }>(withQuery('charts/+custom', query), signal)).series });
