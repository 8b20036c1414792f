import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ApiError } from '../api/http.ts';
import { devicesQuery, deviceTypeQuery, jobsQuery, meQuery } from '../api/queries.ts';
import type { DeviceType } from '../api/types.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { Failure } from '../parts/failure.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Facts, Page, Panel } from '../parts/page.tsx';
import { AccessPanel } from './access-panel.tsx';
import { DeviceCounts } from './device-counts.tsx';
import { DeviceList } from './device-list.tsx';
import style from '../parts/columns.module.css';

/** One device type: its devices, its queue, its last jobs, and the texts that make it what it is. */
export function DeviceTypePage() {
  const { name = '' } = useParams({ strict: false }) as { name?: string };
  const { data: type, error, refetch } = useQuery(deviceTypeQuery(name));
  if (error instanceof ApiError && error.status === 404) {
    return <Page title={name}><Panel><Empty title="No such device type" command={`lava-server manage device-types add ${name}`}>All of them are listed under <Link to="/scheduler/device_types">device types</Link>.</Empty></Panel></Page>;
  }
  if (type === undefined) return <Page title={name}>{error === null ? <Coming rows={8} /> : <Failure error={error} retry={() => void refetch()} what="The device type" />}</Page>;
  return <Shown type={type} />;
}

function Shown({ type }: { type: DeviceType }) {
  const { name, health_check: check } = type;
  const { data: me } = useQuery(meQuery);
  const devices = useQuery(devicesQuery);
  const jobs = useQuery(jobsQuery({ type: name, limit: '20' }));
  const of = (devices.data ?? []).filter((d) => d.device_type === name && d.health !== 'Retired');
  const admin = me?.is_superuser === true;
  return (
    <Page title={name} lead={type.description === '' ? 'device type' : type.description}>
      {!type.display && <Notice tone="warn" title="Hidden">Its jobs wait until an admin shows it again: <code>lava-server manage device-types update {name} --display</code></Notice>}
      <Panel>
        <Facts of={[
          ['Devices', type.devices], ['Free', type.idle], ['Busy', type.busy],
          ['Queued jobs', <Link key="q" to="/scheduler/jobs/queued" search={{ type: name } as never}>{type.queued}</Link>],
          type.aliases.length > 0 && ['Also called', type.aliases.join(', ')],
          ['Template', <Link key="t" to="/scheduler/device_type/$name/template" params={{ name }}>{name}.jinja2</Link>],
          ['Health check', <span key="h"><Link to="/scheduler/device_type/$name/health_check" params={{ name }}>definition</Link> <span className="quiet">{check.enabled ? `every ${check.every} ${check.unit}` : 'switched off'}</span></span>],
        ]} />
        <DeviceCounts of={type} />
      </Panel>
      <div className={admin ? style.columns : undefined}>
        <Panel flush title="Devices">{devices.data === undefined ? <Coming rows={3} /> : of.length === 0 ? <Empty title="No devices of this type" command={`lava-server manage devices add NAME --device-type ${name} --worker WORKER`} /> : <DeviceList devices={of} label="Devices of the type" without={['type']} />}</Panel>
        {admin && <AccessPanel kind="devicetype" name={name} />}
      </div>
      <Panel flush title="Jobs" beside={<Link to="/scheduler/alljobs" search={{ type: name } as never}>All</Link>}>{jobs.data === undefined ? <Coming rows={5} /> : jobs.data.jobs.length === 0 ? <Empty title="No jobs yet" /> : <JobTable jobs={jobs.data.jobs} label="Jobs of the type" />}</Panel>
    </Page>
  );
}
