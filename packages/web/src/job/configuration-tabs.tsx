import { useQuery } from '@tanstack/react-query';
import { configurationQuery } from '../api/queries.ts';
import type { Job } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty } from '../parts/page.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { YamlText } from '../parts/yaml-text.tsx';
import style from './tab.module.css';

/** The definition as submitted and as run, of a job of a group also the whole submission; a choice is offered when they differ. */
export function DefinitionTab({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(configurationQuery(id));
  const [search] = useAddress();
  if (data === undefined) return <div className={style.tab}>{error === null ? <Coming rows={12} /> : <Failure error={error} retry={() => void refetch()} what="The definition" />}</div>;
  const { multinode_definition: whole, definition: run } = data;
  const own = data.original_definition ?? run;
  const views = [
    ...(whole === null ? [] : [{ key: undefined, label: 'As submitted, whole group', text: whole, before: undefined }]),
    { key: whole === null ? undefined : 'own', label: whole === null ? 'As submitted' : 'This job’s own', text: own, before: undefined },
    ...(run === own ? [] : [{ key: 'run', label: 'As run', text: run, before: own }]),
  ];
  const view = views.find((v) => v.key === search.as) ?? views[0];
  const to = `/scheduler/job/${id}/definition`;
  return (
    <div className={style.tab}>
      <div className={style.bar}>
        {views.length > 1 && <Tabs label="Which definition" items={views.map((v) => ({ key: v.key ?? 's', to, ...(v.key !== undefined && { search: { as: v.key } }), label: v.label, current: v === view }))} />}
        <a href={`/scheduler/job/${id}/${whole !== null && view?.text === whole ? 'multinode_definition' : 'definition'}/plain`} download>Download</a>
      </div>
      <YamlText label="Job definition" text={view?.text ?? ''} changedFrom={view?.before} />
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
        : (
          <>
            <div className={style.bar}><a href={`/scheduler/job/${job.id}/configuration`} download title="Definition, device, dispatcher and environments: what lava run needs to run it again, but for secrets">Download all that the worker got</a></div>
            <YamlText label="Device configuration" text={data.device} />
          </>
        )}
    </div>
  );
}
