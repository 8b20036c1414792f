import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { auditQuery, workerQuery } from '../api/queries.ts';
import { DeviceList } from '../devices/device-list.tsx';
import { AuditLog } from '../parts/audit-log.tsx';
import { Failure } from '../parts/failure.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Facts, Page, Panel } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { healthMark, stateMark } from '../parts/state.ts';
import { Ago } from '../parts/time.tsx';
import style from '../parts/columns.module.css';
import { statusFacts } from './status-facts.tsx';

const texts = [['config', 'dispatcher'], ['env', 'environment'], ['env_dut', 'environment of devices']] as const;

/** One worker: is it there, what can it do, which devices hang on it. */
export function WorkerPage() {
  const { name = '' } = useParams({ strict: false }) as { name?: string };
  const { data: worker, error, refetch } = useQuery(workerQuery(name));
  const log = useQuery(auditQuery('worker', name));
  if (worker === undefined) return <Page title={name}>{error === null ? <Coming rows={6} /> : <Failure error={error} retry={() => void refetch()} what="The worker" />}</Page>;
  return (
    <Page title={worker.hostname} lead={worker.description}>
      {worker.state === 'Offline' && <Notice tone="bad" icon="warn" title="Offline">Its devices take no jobs. On that machine look at the log of <code>lava-worker</code>: it says why it cannot connect.</Notice>}
      {!worker.display && <Notice tone="warn" title="Disabled">No jobs are given to this worker: <code>lava-server manage workers update {worker.hostname}</code> changes that.</Notice>}
      {worker.status?.warnings.map(({ code, message, hint }) => <Notice key={code} tone="warn" title={message}>{hint}</Notice>)}
      <Panel>
        <Facts of={[
          ['State', <StateMark key="s" mark={stateMark(worker.state)} />],
          ['Health', <StateMark key="h" mark={healthMark(worker.health)} />],
          ['Last ping', <Ago key="p" time={worker.last_ping} />],
          ['Busy', <span key="b" className="num">{worker.busy}{worker.job_limit > 0 && ` of ${worker.job_limit}`}</span>],
          ...(worker.status ? statusFacts(worker.status) : []),
          ['Version', worker.version ?? '–'],
          worker.capabilities.length > 0 && ['Can do', worker.capabilities.join(', ')],
          ['Settings', <span key="c">{texts.map(([path, label], i) => <span key={path}>{i > 0 && ', '}<Link to={`/scheduler/worker/${encodeURIComponent(worker.hostname)}/${path}` as '/'}>{label}</Link></span>)}</span>],
        ]} />
      </Panel>
      <div className={style.columns}>
        <Panel flush title="Devices">{worker.devices.length === 0 ? <Empty title="No devices here" command={`lava-server manage devices add NAME --device-type TYPE --worker ${worker.hostname}`} /> : <DeviceList devices={worker.devices} label="Devices of the worker" without={['worker']} />}</Panel>
        <Panel title="Log">{log.data === undefined ? log.error === null ? <Coming /> : <Failure error={log.error} what="The log" /> : <AuditLog entries={log.data} />}</Panel>
      </div>
    </Page>
  );
}
