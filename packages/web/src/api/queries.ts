import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { filterKeys, type JobFilter } from './job-filter.ts';
import { ApiError, get, withQuery } from './http.ts';
import type { ActionRow, AuditEntry, Configuration, ConfigurationKind, ConfigurationVersion, Device, DeviceRow, DeviceType, DeviceTypeRow, Grant, Group, GroupShare, Job, JobsPage, Me, Notification, SignIn, SuiteRow, Token, User, Worker, WorkerRow } from './types.ts';

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

/** Where else one can sign in. */
export const signInQuery = queryOptions({ queryKey: ['sign-in'], queryFn: ({ signal }) => get<SignIn>('sign-in', signal), staleTime: Infinity, retry: false });

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
  queryFn: ({ signal }) => get<{ definition: string; original_definition: string | null; multinode_definition: string | null; device: string | null }>(`${job(id)}/configuration`, signal),
});
/** Who is told of a job, and whether it arrived. */
export const notificationsQuery = (id: string) => queryOptions({
  queryKey: ['notifications', id], queryFn: async ({ signal }) => (await get<{ notifications: Notification[] }>(`${job(id)}/notifications`, signal)).notifications,
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
export const deviceTypeQuery = (name: string) => queryOptions({ queryKey: ['device-types', name], queryFn: ({ signal }) => get<DeviceType>(`device-types/${encodeURIComponent(name)}`, signal) });
/** The address of a text of configuration. */
export const configurationPath = (kind: ConfigurationKind, name: string) => `configuration/${kind}/${encodeURIComponent(name)}`;
export const textQuery = (kind: ConfigurationKind, name: string) => queryOptions({ queryKey: ['text', kind, name], queryFn: ({ signal }) => get<Configuration>(configurationPath(kind, name), signal) });
export const versionsQuery = (kind: ConfigurationKind, name: string) => queryOptions({
  queryKey: ['versions', kind, name], queryFn: async ({ signal }) => (await get<{ versions: ConfigurationVersion[] }>(`${configurationPath(kind, name)}/versions`, signal)).versions,
});
export const workersQuery = queryOptions({ queryKey: ['workers'], queryFn: async ({ signal }) => (await get<{ workers: WorkerRow[] }>('workers', signal)).workers });
export const workerQuery = (name: string) => queryOptions({ queryKey: ['worker', name], queryFn: ({ signal }) => get<Worker>(`workers/${encodeURIComponent(name)}`, signal) });
export const auditQuery = (kind: string, object: string) => queryOptions({
  queryKey: ['audit', kind, object], queryFn: async ({ signal }) => (await get<{ entries: AuditEntry[] }>(withQuery('audit', { kind, object }), signal)).entries,
});

export const sharesQuery = queryOptions({ queryKey: ['shares'], queryFn: async ({ signal }) => (await get<{ shares: GroupShare[] }>('shares', signal)).shares });
export const tokensQuery = (all: boolean) => queryOptions({ queryKey: ['tokens', all], queryFn: async ({ signal }) => (await get<{ tokens: Token[] }>(withQuery('tokens', { all: all ? 'true' : undefined }), signal)).tokens });

/** Lists of LAVA's own REST API, whole: they are short. */
export const restPath = '/api/v0.2';
const restList = async <T>(path: string, signal: AbortSignal, query: Record<string, string> = {}) => (await get<{ results: T[] }>(withQuery(`${restPath}/${path}/`, { ...query, limit: '10000' }), signal)).results;
export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: ({ signal }) => restList<User>('users', signal, { ordering: 'username' }) });
export const groupsQuery = queryOptions({ queryKey: ['groups'], queryFn: ({ signal }) => restList<Group>('groups', signal, { ordering: 'name' }) });
/** What groups may do with one device or device type. */
export type Granted = 'device' | 'devicetype';
export const grantsQuery = (kind: Granted, name: string) => queryOptions({ queryKey: ['grants', kind, name], queryFn: ({ signal }) => restList<Grant>(`permissions/${kind}s`, signal, { [kind]: name, ordering: 'id' }) });
