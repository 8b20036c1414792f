import type { JobRow } from '../api/types.ts';
import { DeviceLink, JobLink, TypeLink } from '../parts/links.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { jobMark } from '../parts/state.ts';
import { Ago, Span } from '../parts/time.tsx';
import { Counts } from './counts.tsx';
import style from './job-table.module.css';

/** Jobs as rows; on a narrow screen each becomes a small card. */
export function JobTable({ jobs, label, without = [] }: { jobs: readonly JobRow[]; label: string; without?: readonly ('device' | 'submitter')[] }) {
  const device = !without.includes('device');
  const submitter = !without.includes('submitter');
  return (
    <table className={style.table} aria-label={label}>
      <thead>
        <tr>
          <th scope="col" className={style.cId}>Job</th><th scope="col" className={style.cState}>State</th><th scope="col">Description</th><th scope="col" className={style.cCounts}>Results</th>
          {device && <th scope="col" className={style.cDevice}>Device</th>}{submitter && <th scope="col" className={style.cWho}>Submitter</th>}
          <th scope="col" className={style.cWhen}>Submitted</th><th scope="col" className={`${style.cTook} ${style.right}`}>Duration</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id}>
            <td className={style.id}><JobLink id={job.id} row>{job.sub_id}</JobLink></td>
            <td className={style.state}><StateMark mark={jobMark(job)} plain /></td>
            <td className={style.what}>
              <span className={style.description}><JobLink id={job.id}>{job.description}</JobLink></span>
              {job.health === 'Incomplete' && job.error_msg !== null && <span className={style.error} title={job.error_msg}>{job.error_type}: {job.error_msg}</span>}
            </td>
            <td className={style.counts}><Counts of={job} /></td>
            {device && (
              <td className={style.device}>
                {job.device !== null ? <DeviceLink name={job.device} /> : job.device_type !== null ? <span className="quiet">any <TypeLink name={job.device_type} /></span> : <span className="quiet">–</span>}
              </td>
            )}
            {submitter && <td className={style.who}>{job.submitter}</td>}
            <td className={style.when}><Ago time={job.submit_time} /></td>
            <td className={`${style.took} ${style.right}`}><Span from={job.start_time} to={job.end_time} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
