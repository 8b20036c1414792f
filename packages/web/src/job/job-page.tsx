import { useQuery } from '@tanstack/react-query';
import { useParams, useRouterState } from '@tanstack/react-router';
import { useEffect, useMemo, useRef } from 'react';
import { actionsQuery, jobQuery, logSearchQuery, resultsQuery } from '../api/queries.ts';
import type { ActionRow, Job } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import type { LogHandle } from '../log/log-view.tsx';
import { Failure } from '../parts/failure.tsx';
import { Coming, useTitle } from '../parts/page.tsx';
import { jobEnded, jobMark } from '../parts/state.ts';
import { ActionTimeline } from './action-timeline.tsx';
import { failedAction, failureLine } from './action-tree.ts';
import { AuditTab } from './audit-tab.tsx';
import { DefinitionTab, DeviceConfigurationTab } from './configuration-tabs.tsx';
import { JobHead, type JobTab, jobTabs } from './job-head.tsx';
import { JobLog } from './job-log.tsx';
import style from './job-page.module.css';
import { MetadataTab } from './metadata-tab.tsx';
import { caseLine } from './results-model.ts';
import { ResultsPanel } from './results-panel.tsx';
import { useJobLive } from './use-job-live.ts';
import { WaitingPanel } from './waiting-panel.tsx';

/** One job: what it is, how it stands, and everything it left. */
export function JobPage() {
  const { job: id = '' } = useParams({ strict: false }) as { job?: string };
  const query = useQuery(jobQuery(id));
  const path = useRouterState({ select: (s) => s.location.pathname });
  const tab: JobTab = jobTabs.find((t) => path.endsWith(`/${t}`)) ?? 'log';
  const job = query.data;
  useTitle(job === undefined ? `Job ${id}` : `${job.sub_id ?? job.id} ${jobMark(job).word}: ${job.description}`);
  if (job === undefined) {
    return <div className={style.plain}>{query.error === null ? <Coming rows={8} /> : <><h1>Job {id}</h1><Failure error={query.error} retry={() => void query.refetch()} what="The job" /></>}</div>;
  }
  return <Loaded key={job.id} job={job} tab={tab} />;
}

function Loaded({ job, tab }: { job: Job; tab: JobTab }) {
  const id = String(job.id);
  const source = useJobLive(job);
  const actions = useQuery(actionsQuery(id));
  const results = useQuery(resultsQuery(id));
  const log = useRef<LogHandle>(null);
  const [search, change] = useAddress();
  const failed = useMemo(() => (job.health === 'Incomplete' ? failedAction(actions.data ?? []) : undefined), [job.health, actions.data]);
  const failure = useFailureLine(job, failed, actions.data !== undefined || actions.error !== null);
  const pane = search.pane === 'actions' || search.pane === 'results' ? search.pane : 'log';
  const selected = search.suite === undefined || search.suite === '' ? undefined : { suite: search.suite, case: search.case };
  const show = (line: number) => {
    change({ pane: undefined });
    log.current?.show(line);
  };

  // An address that names a case shows the lines of it once they are known.
  const asked = useRef(selected?.case !== undefined && !location.hash.startsWith('#L'));
  useEffect(() => {
    if (!asked.current || results.data === undefined) return;
    asked.current = false;
    const found = results.data.find((s) => s.name === search.suite)?.cases.find((c) => c.name === search.case || String(c.id) === search.case);
    const line = found === undefined ? null : caseLine(found);
    if (line !== null) log.current?.show(line);
  });

  return (
    <div className={style.page} data-fill={tab === 'log' || undefined}>
      <JobHead job={job} tab={tab} pane={pane} failedAction={failed} failureLine={failure} onLine={show} />
      {tab === 'definition' ? <DefinitionTab id={id} />
        : tab === 'device_configuration' ? <DeviceConfigurationTab job={job} />
        : tab === 'metadata' ? <MetadataTab job={job} />
        : tab === 'audit' ? <AuditTab id={id} />
        : job.waiting !== null && job.log_lines === 0 ? <WaitingPanel waiting={job.waiting} />
        : (
          <div className={style.columns} data-pane={pane}>
            <section className={style.actions} aria-label="Actions">
              <h2>Actions</h2>
              <div className={style.scroll} role="group" aria-label="Actions of the job">{actions.data === undefined ? actions.error === null ? <Coming /> : <Failure error={actions.error} what="The actions" /> : <ActionTimeline job={job} actions={actions.data} onLine={(a) => show(a.start_line)} />}</div>
            </section>
            <div className={style.log}><JobLog ref={log} job={job} source={source} failure={failure} /></div>
            <section className={style.results} aria-label="Results">
              <h2>Results</h2>
              <div className={style.scroll} role="group" aria-label="Results of the job">{results.data === undefined ? results.error === null ? <Coming /> : <Failure error={results.error} what="The results" /> : <ResultsPanel id={id} suites={results.data} ended={jobEnded(job)} selected={selected} />}</div>
            </section>
          </div>
        )}
    </div>
  );
}

/** The line to look at when a job failed; undefined until it is known. */
function useFailureLine(job: Job, failed: ActionRow | undefined, ready: boolean): number | undefined {
  const wanted = jobEnded(job) && job.health === 'Incomplete' && job.log_lines > 0;
  const found = useQuery({ ...logSearchQuery(String(job.id), '', 'exception,error'), enabled: wanted });
  return wanted && ready && !found.isLoading ? failureLine(found.data?.lines ?? [], failed) : undefined;
}
