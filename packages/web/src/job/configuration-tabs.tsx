import { useQuery } from '@tanstack/react-query';
import { configurationQuery } from '../api/queries.ts';
import type { Job } from '../api/types.ts';
import { useAddress } from '../app/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty } from '../parts/page.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { YamlText } from '../parts/yaml-text.tsx';
import style from './tab.module.css';

/** The definition as submitted and as run; a choice is offered when they differ. */
export function DefinitionTab({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(configurationQuery(id));
  const [search] = useAddress();
  if (data === undefined) return <div className={style.tab}>{error === null ? <Coming rows={12} /> : <Failure error={error} retry={() => void refetch()} what="The definition" />}</div>;
  const original = data.original_definition ?? data.definition;
  const differ = original !== data.definition;
  const asRun = differ && search.as === 'run';
  return (
    <div className={style.tab}>
      <div className={style.bar}>
        {differ && <Tabs label="Which definition" items={[{ key: 's', to: `/scheduler/job/${id}/definition`, label: 'As submitted', current: !asRun }, { key: 'r', to: `/scheduler/job/${id}/definition`, search: { as: 'run' }, label: 'As run', current: asRun }]} />}
        <a href={`/scheduler/job/${id}/definition/plain`} download>Download</a>
      </div>
      <YamlText label="Job definition" text={asRun ? data.definition : original} changedFrom={asRun ? original : undefined} />
    </div>
  );
}

/** The device's configuration with which the job ran. */
export function DeviceConfigurationTab({ job }: { job: Job }) {
  const { data, error, refetch } = useQuery(configurationQuery(String(job.id)));
  return (
    <div className={style.tab}>
      {data === undefined ? error === null ? <Coming rows={12} /> : <Failure error={error} retry={() => void refetch()} what="The device configuration" />
        : data.device === null || data.device === '' ? <Empty title="No device configuration">{job.start_time === null ? 'The job has not been given a device yet.' : 'None was kept for this job.'}</Empty>
        : <YamlText label="Device configuration" text={data.device} />}
    </div>
  );
}
