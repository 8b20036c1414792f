import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { devicesQuery, deviceTypesQuery, jobsQuery } from '../api/queries.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty, Facts, Page, Panel } from '../parts/page.tsx';
import { DeviceList } from './device-list.tsx';

/** One device type: its devices, its queue and its last jobs. */
export function DeviceTypePage() {
  const { name = '' } = useParams({ strict: false }) as { name?: string };
  const types = useQuery(deviceTypesQuery);
  const devices = useQuery(devicesQuery);
  const jobs = useQuery(jobsQuery({ type: name, limit: '20' }));
  const type = types.data?.find((t) => t.name === name);
  if (types.error !== null && types.data === undefined) return <Page title={name}><Failure error={types.error} retry={() => void types.refetch()} what="The device type" /></Page>;
  if (types.data !== undefined && type === undefined) return <Page title={name}><Panel><Empty title="No such device type" command={`lava-server manage device-types add ${name}`}>All of them are listed under <Link to="/scheduler/device_types">device types</Link>.</Empty></Panel></Page>;
  const of = (devices.data ?? []).filter((d) => d.device_type === name && d.health !== 'Retired');
  return (
    <Page title={name} lead="device type">
      <Panel><Facts of={[['Devices', type?.devices ?? '–'], ['Free', type?.idle ?? '–'], ['Busy', type?.busy ?? '–'], ['Queued jobs', type === undefined ? '–' : <Link key="q" to="/scheduler/jobs/queued" search={{ type: name } as never}>{type.queued}</Link>]]} /></Panel>
      <Panel flush title="Devices">{devices.data === undefined ? <Coming rows={3} /> : of.length === 0 ? <Empty title="No devices of this type" command={`lava-server manage devices add NAME --device-type ${name} --worker WORKER`} /> : <DeviceList devices={of} label="Devices of the type" without={['type']} />}</Panel>
      <Panel flush title="Jobs" beside={<Link to="/scheduler/alljobs" search={{ type: name } as never}>All</Link>}>{jobs.data === undefined ? <Coming rows={5} /> : jobs.data.jobs.length === 0 ? <Empty title="No jobs yet" /> : <JobTable jobs={jobs.data.jobs} label="Jobs of the type" />}</Panel>
    </Page>
  );
}
