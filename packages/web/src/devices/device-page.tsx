import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { auditQuery, deviceQuery, jobsQuery, meQuery } from '../api/queries.ts';
import type { Device } from '../api/types.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { AuditLog } from '../parts/audit-log.tsx';
import { Failure } from '../parts/failure.tsx';
import { Icon } from '../parts/icons.tsx';
import { JobLink, TypeLink, WorkerLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Facts, Page, Panel } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { healthMark, stateMark } from '../parts/state.ts';
import { AccessPanel } from './access-panel.tsx';
import { HealthCheckPanel } from './health-check-panel.tsx';
import { HealthDialog } from './health-dialog.tsx';
import style from '../parts/columns.module.css';

/** One device: can it be used, what does it do, what happened to it. */
export function DevicePage() {
  const { name = '' } = useParams({ strict: false }) as { name?: string };
  const { data: device, error, refetch } = useQuery(deviceQuery(name));
  if (device === undefined) return <Page title={name}>{error === null ? <Coming rows={8} /> : <Failure error={error} retry={() => void refetch()} what="The device" />}</Page>;
  return <Shown device={device} />;
}

function Shown({ device }: { device: Device }) {
  const { data: me } = useQuery(meQuery);
  const jobs = useQuery(jobsQuery({ device: device.hostname, limit: '20' }));
  const log = useQuery(auditQuery('device', device.hostname));
  const [dialog, setDialog] = useState(false);
  return (
    <Page title={device.hostname} lead={device.description} beside={device.can_change && <Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={() => setDialog(true)}>Change health</Button>}>
      {device.worker === null && <Notice tone="warn" title="No worker">No job can run here until the device has a worker: <code>lava-server manage devices update {device.hostname} --worker WORKER</code></Notice>}
      {device.health === 'Bad' && <Notice tone="bad" title="Out of use">{log.data?.[0]?.message ?? 'Its last health check failed.'}</Notice>}
      <Panel>
        <Facts of={[
          ['State', <StateMark key="s" mark={stateMark(device.state)} />],
          ['Health', <StateMark key="h" mark={healthMark(device.health)} />],
          ['Job', device.job === null ? <span className="quiet">none</span> : <JobLink key="j" id={device.job}>{device.job} {device.job_description}</JobLink>],
          ['Type', <TypeLink key="t" name={device.device_type} />],
          ['Worker', device.worker === null ? <span className="quiet">none</span> : <WorkerLink key="w" name={device.worker} />],
          ['Dictionary', <Link key="d" to="/scheduler/device/$name/devicedict" params={{ name: device.hostname }}>{device.dictionary === null ? 'none yet' : `${device.hostname}.jinja2`}</Link>],
          device.tags.length > 0 && ['Tags', device.tags.join(', ')],
        ]} />
      </Panel>
      <div className={style.columns}>
        <Panel flush title="Jobs">
          {jobs.data === undefined ? jobs.error === null ? <Coming /> : <Failure error={jobs.error} what="The jobs" />
            : jobs.data.jobs.length === 0 ? <Empty title="No job ran here yet" /> : <JobTable jobs={jobs.data.jobs} label="Jobs of the device" without={['device']} />}
        </Panel>
        <div className={style.beside}>
          <HealthCheckPanel device={device} />
          {me?.is_superuser === true && <AccessPanel kind="device" name={device.hostname} type={device.device_type} />}
          <Panel title="Log">{log.data === undefined ? log.error === null ? <Coming /> : <Failure error={log.error} what="The log" /> : <AuditLog entries={log.data} />}</Panel>
        </div>
      </div>
      {dialog && <HealthDialog name={device.hostname} health={device.health} onClose={() => setDialog(false)} />}
    </Page>
  );
}
