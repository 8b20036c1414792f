import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { DeviceRow, JobRow } from '../api/types.ts';
import { deviceTypesQuery, devicesQuery, jobsQuery, meQuery, workersQuery } from '../api/queries.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { Failure } from '../parts/failure.tsx';
import { count, plural } from '../parts/format.ts';
import { TypeLink, WorkerLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import { deviceUsable } from '../parts/state.ts';
import style from './home-page.module.css';

/** What the lab does now: running, queued, just finished, and which devices are free. */
export function HomePage() {
  const { data: me } = useQuery(meQuery);
  const running = useQuery(jobsQuery({ state: 'Scheduling,Scheduled,Running,Canceling', limit: '10' }));
  const queued = useQuery(jobsQuery({ state: 'Submitted', limit: '8' }));
  const recent = useQuery(jobsQuery({ state: 'Finished', limit: '12' }));
  const devices = useQuery(devicesQuery);
  const failed = [running, queued, recent].find((q) => q.error !== null && q.data === undefined);
  const counts = running.data?.counts;
  const nothing = recent.data?.jobs.length === 0 && queued.data?.jobs.length === 0 && running.data?.jobs.length === 0;
  const usable = (devices.data ?? []).filter(deviceUsable);
  return (
    <Page title="Lab" windowTitle="LAVA" beside={me !== undefined && <span className="quiet num">LAVA {me.version}</span>}>
      {failed !== undefined && <Failure error={failed.error} retry={() => { void running.refetch(); void queued.refetch(); void recent.refetch(); }} what="The jobs" />}
      <OfflineWorkers />
      <dl className={style.figures}>
        <Figure to="/scheduler/jobs/active" label="Running" value={counts?.running} />
        <Figure to="/scheduler/jobs/queued" label="Queued" value={counts?.queued} />
        <Figure to="/scheduler/alldevices" label="Devices free" value={devices.data && usable.filter((d) => d.state === 'Idle').length} of={devices.data && usable.length} />
        <Figure to="/scheduler/jobs/finished" label="Finished" value={counts?.finished} />
      </dl>
      <div className={style.columns}>
        <div className={style.jobs}>
          {nothing ? (
            <Panel>
              <Empty title="No jobs yet" command="lava submit job.yaml --follow">
                {me?.username == null ? <><Link to="/accounts/login" search={{ next: '/scheduler/jobsubmit' } as never}>Sign in</Link> and submit the first one</> : <><Link to="/scheduler/jobsubmit">Submit the first one</Link></>}, or type:
              </Empty>
            </Panel>
          ) : (
            <>
              <Jobs title="Running" jobs={running.data?.jobs} more={running.data?.more} to="/scheduler/jobs/active" none="Nothing is running." />
              <Jobs title="Queued" jobs={queued.data?.jobs} more={queued.data?.more} to="/scheduler/jobs/queued" none="Nothing waits." />
              <Jobs title="Finished" jobs={recent.data?.jobs} more={recent.data?.more} to="/scheduler/jobs/finished" none="Nothing has finished yet." />
            </>
          )}
        </div>
        <DevicesSummary devices={devices.data} />
      </div>
    </Page>
  );
}

function Figure({ to, label, value, of }: { to: '/scheduler/alldevices' | '/scheduler/jobs/active'; label: string; value: number | undefined; of?: number | undefined } | { to: string; label: string; value: number | undefined; of?: number | undefined }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd><Link to={to as '/'} className="num">{value === undefined ? '–' : count(value)}{of !== undefined && <small> of {count(of)}</small>}</Link></dd>
    </div>
  );
}

function Jobs({ title, jobs, more, to, none }: { title: string; jobs: JobRow[] | undefined; more: boolean | undefined; to: string; none: string }) {
  return (
    <Panel flush title={title} beside={more === true && <Link to={to as '/'}>All</Link>}>
      {jobs === undefined ? <Coming rows={3} /> : jobs.length === 0 ? <p className={style.none}>{none}</p> : <JobTable jobs={jobs} label={`${title} jobs`} without={['submitter']} />}
    </Panel>
  );
}

/** Workers that are needed and silent. */
function OfflineWorkers() {
  const { data } = useQuery(workersQuery);
  const silent = (data ?? []).filter((w) => w.state === 'Offline' && w.health === 'Active' && w.display);
  if (silent.length === 0) return null;
  return (
    <Notice tone="bad" icon="warn" title={silent.length === 1 ? 'A worker is offline' : `${silent.length} workers are offline`}>
      {silent.map((w, i) => <span key={w.hostname}>{i > 0 && ', '}<WorkerLink name={w.hostname} /> ({plural(w.devices, 'device')})</span>)}. Their devices take no jobs until they are back.
    </Notice>
  );
}

/** Each device type as a bar of its devices: busy, free, not usable. */
function DevicesSummary({ devices }: { devices: DeviceRow[] | undefined }) {
  const { data: types } = useQuery(deviceTypesQuery);
  const shown = (types ?? []).filter((t) => t.display && (devices?.some((d) => d.device_type === t.name && d.health !== 'Retired') ?? true));
  return (
    <Panel title="Devices" beside={<Link to="/scheduler/alldevices">All</Link>}>
      {types === undefined ? <Coming rows={3} /> : shown.length === 0 ? (
        <Empty title="No devices yet" command={'lava-server manage device-types add qemu\nlava-server manage devices add qemu01 \\\n  --device-type qemu --worker WORKER'} />
      ) : (
        <ul className={style.types}>
          {shown.map((type) => {
            const of = (devices ?? []).filter((d) => d.device_type === type.name && d.health !== 'Retired');
            const away = of.filter((d) => !deviceUsable(d)).length;
            return (
              <li key={type.name}>
                <div className={style.typeLine}>
                  <TypeLink name={type.name} />
                  <span className="quiet num">{[type.busy > 0 && `${type.busy} busy`, `${type.idle} free`, away > 0 && `${away} out`, type.queued > 0 && `${type.queued} queued`].filter(Boolean).join(' · ')}</span>
                </div>
                <div className={style.meter} aria-hidden="true">
                  {of.map((d) => <span key={d.hostname} data-tone={!deviceUsable(d) ? (d.health === 'Bad' ? 'bad' : 'warn') : d.state === 'Idle' ? 'ok' : 'live'} title={`${d.hostname}: ${d.state}, ${d.health}`} />)}
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
