import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ActionRow, Job } from '../api/types.ts';
import { Counts } from '../jobs/counts.tsx';
import { duration } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { DeviceLink, TypeLink, WorkerLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import { Facts } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { jobEnded, jobMark } from '../parts/state.ts';
import { Tabs } from '../parts/tabs.tsx';
import { Ago, Span } from '../parts/time.tsx';
import { AttemptsNotice } from './attempts-notice.tsx';
import { CancelButton } from './cancel-button.tsx';
import { FailureNote } from './failure-note.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { GroupStrip } from './group-strip.tsx';
import style from './job-head.module.css';

/** Views besides the log; each has its address below that of the job. */
export const jobTabs = ['definition', 'device_configuration', 'metadata', 'audit'] as const;
export type JobTab = (typeof jobTabs)[number] | 'log';
const labels = { definition: 'Definition', device_configuration: 'Device configuration', metadata: 'Metadata', audit: 'Audit' };

interface HeadProps { job: Job; tab: JobTab; pane: 'log' | 'actions' | 'results'; failedAction: ActionRow | undefined; failureLine: number | undefined; onLine: (line: number) => void }

/** What the job is, how it stands and, if it waits or failed, why. */
export function JobHead({ job, tab, pane, failedAction, failureLine, onLine }: HeadProps) {
  const id = String(job.id);
  const to = (t: string) => `/scheduler/job/${id}${t === 'log' ? '' : `/${t}`}`;
  return (
    <header className={style.head}>
      <div className={style.title}>
        <StateMark mark={jobMark(job)} large />
        <h1><span className={style.number}>{job.sub_id ?? job.id}</span> {job.description}</h1>
        <div className={style.buttons}>
          {job.can_resubmit && <Button component={Link} to={`/scheduler/job/${id}/resubmit`} variant="default" leftSection={<Icon name="retry" size={14} />}>Resubmit</Button>}
          {job.can_cancel && !jobEnded(job) && <CancelButton job={job} />}
        </div>
      </div>
      <Facts of={[
        ['Device', job.device === null ? <span className="quiet">none yet</span> : <DeviceLink name={job.device} />],
        job.device_type !== null && ['Type', <TypeLink key="t" name={job.device_type} />],
        job.worker !== null && ['Worker', <WorkerLink key="w" name={job.worker} />],
        ['Submitter', <Link key="s" to="/scheduler/alljobs" search={{ submitter: job.submitter } as never}>{job.submitter}</Link>],
        ['Submitted', <Ago key="a" time={job.submit_time} />],
        job.start_time === null
          ? ['Waiting', <Span key="q" from={job.submit_time} to={job.end_time} />]
          : ['Duration', <span key="d"><Span from={job.start_time} to={job.end_time} />{job.timeout !== null && !jobEnded(job) && <span className="quiet"> of {duration(job.timeout)}</span>}</span>],
        job.passed + job.failed + job.skipped + job.unknown > 0 && ['Results', <Counts key="c" of={job} />],
      ]} />
      {job.group.length > 1 && <GroupStrip job={job} />}
      {job.waiting !== null && job.state === 'Submitted' && (
        <Notice tone="live" title={job.waiting.position === 1 ? 'Next in the queue' : `Place ${job.waiting.position} in the queue`}>
          {job.waiting.reason}
          {job.waiting.estimate !== null && job.waiting.estimate.latest > 0 && <> Likely to start in {duration(job.waiting.estimate.likely)}, mostly between {duration(job.waiting.estimate.soonest)} and {duration(job.waiting.estimate.latest)}.</>}
        </Notice>
      )}
      <AttemptsNotice job={job} onLine={tab === 'log' ? onLine : undefined} />
      {jobEnded(job) && job.health === 'Incomplete' && <FailureNotice job={job} failedAction={failedAction} line={tab === 'log' ? failureLine : undefined} onLine={onLine} />}
      <FailureNote job={job} />
      <Tabs label="Views of the job" items={[
        // Where there is no room for three columns, each has its own tab.
        { key: 'log', to: to('log'), label: <><span className={style.wide}>Log and results</span><span className={style.narrow}>Log</span></>, current: tab === 'log' && pane === 'log', near: tab === 'log' },
        { key: 'actions', to: to('log'), search: { pane: 'actions' }, label: 'Actions', narrow: true, current: tab === 'log' && pane === 'actions' },
        { key: 'results', to: to('log'), search: { pane: 'results' }, label: 'Results', narrow: true, current: tab === 'log' && pane === 'results' },
        ...jobTabs.map((key) => ({ key, to: to(key), label: labels[key], current: key === tab })),
      ]} />
    </header>
  );
}
