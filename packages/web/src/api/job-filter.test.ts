import { expect, test } from 'vitest';
import type { JobRow, JobsPage } from './types.ts';
import { applyChange, matchesFilter } from './job-filter.ts';

const job = (id: number, more: Partial<JobRow> = {}): JobRow => ({
  id, sub_id: null, description: `boot test ${id}`, submitter: 'ann', device_type: 'qemu', device: null, worker: null, state: 'Submitted', health: 'Unknown', priority: 50,
  health_check: false, submit_time: '', start_time: null, end_time: null, passed: 0, failed: 0, skipped: 0, unknown: 0, error_type: null, error_code: null, error_msg: null, ...more,
});
const page = (...ids: number[]): JobsPage => ({ jobs: ids.map((id) => job(id)), more: false, counts: { queued: 0, running: 0, finished: 0 } });
const ids = (p: JobsPage) => p.jobs.map((j) => j.id);

test('filters', () => {
  expect(matchesFilter(job(1), {})).toBe(true);
  expect(matchesFilter(job(1), { state: 'Running,Submitted' })).toBe(true);
  expect(matchesFilter(job(1), { state: 'Running' })).toBe(false);
  expect(matchesFilter(job(1), { search: 'BOOT' })).toBe(true);
  expect(matchesFilter(job(17), { search: '17', type: 'qemu', submitter: 'ann' })).toBe(true);
  expect(matchesFilter(job(1), { device: 'qemu01' })).toBe(false);
});

test('a changed job is replaced in place, and leaves a list it no longer belongs to', () => {
  expect(applyChange(page(3, 2, 1), {}, job(2, { state: 'Running' })).jobs[1]?.state).toBe('Running');
  expect(ids(applyChange(page(3, 2, 1), { state: 'Submitted' }, job(2, { state: 'Running' })))).toEqual([3, 1]);
});

test('a new job comes to its place', () => {
  expect(ids(applyChange(page(3, 2, 1), {}, job(4)))).toEqual([4, 3, 2, 1]);
  expect(ids(applyChange(page(5, 1), {}, job(3)))).toEqual([5, 3, 1]);
  expect(ids(applyChange(page(5, 3), {}, job(1)))).toEqual([5, 3, 1]);
});

test('older pages and what is below the last row stay as they are', () => {
  const known = { ...page(5, 4), more: true };
  expect(applyChange(known, {}, job(1))).toBe(known);
  expect(applyChange(page(3), { before: '4' }, job(9)).jobs).toHaveLength(1);
  expect(applyChange(known, { state: 'Running' }, job(9))).toBe(known);
});

test('a full page lets its oldest row go', () => {
  const next = applyChange(page(3, 2), { limit: '2' }, job(4));
  expect(ids(next)).toEqual([4, 3]);
  expect(next.more).toBe(true);
});
