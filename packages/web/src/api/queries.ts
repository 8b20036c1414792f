import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { filterKeys, type JobFilter } from '../jobs/job-filter.ts';
import { ApiError, get, withQuery } from './http.ts';
import type { ActionRow, AuditEntry, Device, DeviceRow, DeviceTypeRow, Job, JobsPage, Me, SuiteRow, Worker, WorkerRow } from './types.ts';

/** Nothing here polls: data is fetched when it is first shown and after the live connection was lost; in between it is told. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 3 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
    },
  },
});

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => get<Me>('me', signal), staleTime: Infinity });

export const jobsQuery = (filter: JobFilter) => queryOptions({
  queryKey: ['jobs', filter],
  queryFn: ({ signal }) => get<JobsPage>(withQuery('jobs', Object.fromEntries(filterKeys.map((k) => [k, filter[k]]))), signal),
  placeholderData: keepPreviousData,
});

const job = (id: string) => `jobs/${encodeURIComponent(id)}`;
export const jobQuery = (id: string) => queryOptions({ queryKey: ['job', id], queryFn: ({ signal }) => get<Job>(job(id), signal) });
export const actionsQuery = (id: string) => queryOptions({
  queryKey: ['actions', id], queryFn: async ({ signal }) => (await get<{ actions: ActionRow[] }>(`${job(id)}/actions`, signal)).actions,
});
export const resultsQuery = (id: string) => queryOptions({
  queryKey: ['results', id], queryFn: async ({ signal }) => (await get<{ suites: SuiteRow[] }>(`${job(id)}/results`, signal)).suites,
});
export const configurationQuery = (id: string) => queryOptions({
  queryKey: ['configuration', id],
  queryFn: ({ signal }) => get<{ definition: string; original_definition: string | null; device: string | null }>(`${job(id)}/configuration`, signal),
});
/** Numbers of the log lines that contain `q`, of some levels. */
export const logSearchQuery = (id: string, q: string, level = '') => queryOptions({
  queryKey: ['log-search', id, q, level],
  queryFn: ({ signal }) => get<{ lines: number[]; total: number }>(withQuery(`${job(id)}/log/search`, { q, level }), signal),
  staleTime: Infinity,
});

export const devicesQuery = queryOptions({ queryKey: ['devices'], queryFn: async ({ signal }) => (await get<{ devices: DeviceRow[] }>('devices', signal)).devices });
export const deviceQuery = (name: string) => queryOptions({ queryKey: ['device', name], queryFn: ({ signal }) => get<Device>(`devices/${encodeURIComponent(name)}`, signal) });
export const deviceTypesQuery = queryOptions({
  queryKey: ['device-types'], queryFn: async ({ signal }) => (await get<{ device_types: DeviceTypeRow[] }>('device-types', signal)).device_types,
});
export const workersQuery = queryOptions({ queryKey: ['workers'], queryFn: async ({ signal }) => (await get<{ workers: WorkerRow[] }>('workers', signal)).workers });
export const workerQuery = (name: string) => queryOptions({ queryKey: ['worker', name], queryFn: ({ signal }) => get<Worker>(`workers/${encodeURIComponent(name)}`, signal) });
export const auditQuery = (kind: string, object: string) => queryOptions({
  queryKey: ['audit', kind, object], queryFn: async ({ signal }) => (await get<{ entries: AuditEntry[] }>(withQuery('audit', { kind, object }), signal)).entries,
});
