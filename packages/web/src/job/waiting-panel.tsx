import type { Job } from '../api/types.ts';
import { duration } from '../parts/format.ts';
import { DeviceLink, HelpLink, JobLink, WorkerLink } from '../parts/links.tsx';
import { Facts, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';
import { EstimateBar } from './estimate-bar.tsx';
import style from './waiting-panel.module.css';

/** Why a queued job waits, said by the scheduler: its place, when it is likely to start, and every device that could run it. */
export function WaitingPanel({ waiting }: { waiting: NonNullable<Job['waiting']> }) {
  const { estimate, devices } = waiting;
  return (
    <div className={style.waiting}>
      <Panel title="When it starts" beside={<HelpLink page="scheduling">How the queue is served</HelpLink>}>
        <Facts of={[
          ['Place in the queue', <span key="p" className="num">{waiting.position}</span>],
          estimate === null
            ? ['Expected', <span key="e" className="quiet">not known: {devices.every((d) => d.does !== 'free' && d.job === null) ? 'no device is in service' : 'no job like those before it has run yet'}</span>]
            : ['Likely in', <span key="l" className="num">{estimate.likely === 0 ? 'moments' : duration(estimate.likely)}</span>],
          estimate !== null && estimate.latest > 0 && ['Nine of ten times before', <span key="b" className="num">{duration(estimate.latest)}</span>],
        ]} />
        {estimate !== null && estimate.latest > 0 && <EstimateBar estimate={estimate} />}
      </Panel>
      <Panel flush title={`Devices that could run it (${devices.length})`}>
        {devices.length === 0 ? <p className={style.none}>There is none that you can see.</p> : (
          <table className={table.table} aria-label="Devices that could run the job">
            <thead><tr><th scope="col">Device</th><th scope="col">Does</th><th scope="col">Job</th><th scope="col">Worker</th></tr></thead>
            <tbody>
              {devices.map((d) => (
                <tr key={d.hostname}>
                  <td className={table.main}><DeviceLink name={d.hostname} row /></td>
                  <td className={table.wide} data-label="Does">{d.does}</td>
                  <td data-label="Job">{d.job === null ? <span className="quiet">–</span> : <JobLink id={d.job} />}</td>
                  <td data-label="Worker">{d.worker === null ? <span className="quiet">none</span> : <WorkerLink name={d.worker} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
    </div>
  );
}
