/** The states that the tabs of the list stand for. */
export const stateTabs = [
  { key: 'all', label: 'All', path: '/scheduler/alljobs' },
  { key: 'active', label: 'Running', path: '/scheduler/jobs/active', state: 'Scheduling,Scheduled,Running,Canceling' },
  { key: 'queued', label: 'Queued', path: '/scheduler/jobs/queued', state: 'Submitted' },
  { key: 'finished', label: 'Finished', path: '/scheduler/jobs/finished', state: 'Finished' },
  { key: 'failed', label: 'Failed', path: '/scheduler/jobs/failed', state: 'Finished', health: 'Incomplete' },
] as const;
