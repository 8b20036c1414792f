import type { JobRow, JobsPage } from './types.ts';

/** What a job list shows: the query of `/api/v1/jobs`, which is also the query of the page's address. */
export interface JobFilter { state?: string; health?: string; type?: string; device?: string; submitter?: string; search?: string; before?: string; limit?: string }

export const filterKeys = ['state', 'health', 'type', 'device', 'submitter', 'search', 'before', 'limit'] as const;

const oneOf = (list: string | undefined, word: string) => list === undefined || list.split(',').includes(word);

/** Whether a job belongs in a list; the search looks where the server does. */
export function matchesFilter(row: JobRow, filter: JobFilter): boolean {
  const text = filter.search?.toLowerCase() ?? '';
  return oneOf(filter.state, row.state) && oneOf(filter.health, row.health)
    && (filter.type === undefined || row.device_type === filter.type) && (filter.device === undefined || row.device === filter.device)
    && (filter.submitter === undefined || row.submitter === filter.submitter)
    && (text === '' || [String(row.id), row.description, row.device, row.submitter, row.device_type].some((s) => s?.toLowerCase().includes(text)));
}

/** The page after a job changed: replaced, added at its place (newest first), or gone. The same object if nothing changes. */
export function applyChange(page: JobsPage, filter: JobFilter, row: JobRow): JobsPage {
  const at = page.jobs.findIndex((j) => j.id === row.id);
  if (!matchesFilter(row, filter)) return at < 0 ? page : { ...page, jobs: page.jobs.toSpliced(at, 1) };
  if (at >= 0) return { ...page, jobs: page.jobs.with(at, row) };
  const oldest = page.jobs.at(-1);
  if (filter.before !== undefined || (page.more && oldest !== undefined && row.id < oldest.id)) return page;
  const place = page.jobs.findIndex((j) => j.id < row.id);
  const jobs = page.jobs.toSpliced(place < 0 ? page.jobs.length : place, 0, row);
  const limit = Number(filter.limit ?? 50);
  return jobs.length > limit ? { ...page, jobs: jobs.slice(0, limit), more: true } : { ...page, jobs };
}
