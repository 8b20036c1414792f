import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { applyChange, type JobFilter } from './job-filter.ts';
import { LiveClient, type LiveState, type Socket } from './live-client.ts';
import type { Device, DeviceRow, Job, JobRow, JobsPage, LiveMessage, Worker, WorkerRow } from './types.ts';

/** The page's one connection for everything that happens. */
export const live = new LiveClient((): Socket => {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/live`);
  return {
    send: (text) => socket.send(text),
    close: () => socket.close(),
    listen(on) {
      socket.addEventListener('open', on.open);
      socket.addEventListener('close', on.close);
      socket.addEventListener('message', (event) => on.message(event.data));
    },
  };
});

/** Runs at most once in so many milliseconds, the last call included. */
function atMostEvery(milliseconds: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => { timer ??= setTimeout(() => { timer = undefined; run(); }, milliseconds); };
}

/** Keeps what the lists show true to what the server tells, for as long as the page lives. */
export function keepListsLive(queries: QueryClient): () => void {
  // Rows are corrected at once; counts and membership of filtered lists follow with one request.
  const soon = (key: string) => atMostEvery(2000, () => void queries.invalidateQueries({ queryKey: [key] }));
  const jobsSoon = soon('jobs');
  const typesSoon = soon('device-types');
  const auditSoon = soon('audit');
  const deviceSoon = soon('device');
  // What a queued job waits for changes with devices and other jobs; to find out costs the server some work.
  const queuedSoon = atMostEvery(5000, () => void queries.invalidateQueries({ queryKey: ['job'], predicate: (q) => (q.state.data as Job | undefined)?.state === 'Submitted' }));

  const change = (message: Extract<LiveMessage, { type: 'changed' }>) => {
    if (message.kind === 'job') {
      const { row } = message;
      for (const [key, page] of queries.getQueriesData<JobsPage>({ queryKey: ['jobs'] })) {
        if (page !== undefined) queries.setQueryData(key, applyChange(page, key[1] as JobFilter, row));
      }
      queries.setQueryData<Job>(['job', String(row.id)], (job) => (job === undefined ? job : { ...job, ...row }));
      queries.setQueriesData<Job>({ queryKey: ['job'] }, (job) => (job === undefined ? job : withMember(job, row)));
      jobsSoon();
      queuedSoon();
      typesSoon();
    } else if (message.kind === 'device') {
      const { row } = message;
      queries.setQueryData<DeviceRow[]>(['devices'], (rows) => replaceRow(rows, row));
      queries.setQueryData<Device>(['device', row.hostname], (device) => (device === undefined ? device : { ...device, ...row }));
      queries.setQueriesData<Worker>({ queryKey: ['worker'] }, (worker) => (worker === undefined ? worker : { ...worker, devices: worker.devices.map((d) => (d.hostname === row.hostname ? row : d)) }));
      deviceSoon();
      queuedSoon();
      typesSoon();
      auditSoon();
    } else {
      const { row } = message;
      queries.setQueryData<WorkerRow[]>(['workers'], (rows) => replaceRow(rows, row));
      queries.setQueryData<Worker>(['worker', row.hostname], (worker) => (worker === undefined ? worker : { ...worker, ...row, devices: worker.devices }));
      auditSoon();
    }
  };

  const stopLists = live.watchLists(change);
  let lost = false;
  const stopState = live.onState((state) => {
    if (state === 'offline') lost = true;
    if (state !== 'online' || !lost) return;
    lost = false;
    void queries.invalidateQueries();
  });
  const retry = () => live.retryNow();
  addEventListener('online', retry);
  document.addEventListener('visibilitychange', retry);
  return () => {
    stopLists();
    stopState();
    removeEventListener('online', retry);
    document.removeEventListener('visibilitychange', retry);
  };
}

/** A job with the news of another one of its group. */
function withMember(job: Job, { id, state, health, device }: JobRow): Job {
  return job.group.some((j) => j.id === id) ? { ...job, group: job.group.map((j) => (j.id === id ? { ...j, state, health, device } : j)) } : job;
}

function replaceRow<T extends { hostname: string }>(rows: T[] | undefined, row: T): T[] | undefined {
  if (rows === undefined) return rows;
  return rows.some((r) => r.hostname === row.hostname) ? rows.map((r) => (r.hostname === row.hostname ? row : r)) : [...rows, row];
}

/** The state of the connection, for the mark in the page's head. */
export const useLiveState = (): LiveState => useSyncExternalStore((changed) => live.onState(changed), () => live.state);
