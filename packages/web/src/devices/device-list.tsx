import type { DeviceRow } from '../api/types.ts';
import { DeviceLink, JobLink, TypeLink, WorkerLink } from '../parts/links.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { healthMark, stateMark } from '../parts/state.ts';
import table from '../parts/table.module.css';

/** Devices as rows. */
export function DeviceList({ devices, label, without = [] }: { devices: readonly DeviceRow[]; label: string; without?: readonly ('type' | 'worker')[] }) {
  return (
    <table className={table.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Device</th>{!without.includes('type') && <th scope="col">Type</th>}<th scope="col">State</th><th scope="col">Health</th><th scope="col">Job</th>
          {!without.includes('worker') && <th scope="col">Worker</th>}<th scope="col">Tags</th>
        </tr>
      </thead>
      <tbody>
        {devices.map((d) => (
          <tr key={d.hostname}>
            <td className={table.main}><DeviceLink name={d.hostname} row /></td>
            {!without.includes('type') && <td data-label="Type"><TypeLink name={d.device_type} /></td>}
            <td data-label="State"><StateMark mark={stateMark(d.state)} plain /></td>
            <td data-label="Health"><StateMark mark={healthMark(d.health)} plain /></td>
            <td data-label="Job" className={table.wide}>
              {d.job !== null ? <JobLink id={d.job}>{d.job} <span className="quiet">{d.job_description}</span></JobLink> : d.last_job !== null ? <span className="quiet">last <JobLink id={d.last_job} /></span> : <span className="quiet">–</span>}
            </td>
            {!without.includes('worker') && <td data-label="Worker">{d.worker === null ? <span className="quiet">none</span> : <WorkerLink name={d.worker} />}</td>}
            <td data-label="Tags" className="quiet">{d.tags.join(', ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
