import { Link } from '@tanstack/react-router';
import type { Job } from '../api/types.ts';
import { plural } from '../parts/format.ts';
import { StateMark } from '../parts/state-mark.tsx';
import { jobMark } from '../parts/state.ts';
import style from './group-strip.module.css';

/** The jobs of a multinode group with their states; this one is marked. */
export function GroupStrip({ job }: { job: Job }) {
  const here = new Set(job.group.map((j) => j.role));
  return (
    <nav className={style.group} aria-label="Jobs of the multinode group">
      <span className={style.title}>{plural(job.group.length, 'job')} in {plural(here.size, 'role')}</span>
      <ul>
        {job.group.map((other) => (
          <li key={other.id} data-current={other.id === job.id || undefined}>
            <Link to="/scheduler/job/$job" params={{ job: String(other.id) }} aria-current={other.id === job.id ? 'page' : undefined}>
              <span className={style.who}><strong>{other.role}</strong> <span className="num">{other.sub_id}</span></span>
              <StateMark mark={jobMark(other)} plain />
              <span className={style.where}>{other.device ?? (other.host_role !== null ? `on the device of ${other.host_role}` : other.device_type !== null ? `any ${other.device_type}` : '')}</span>
              {other.essential && <span className={style.essential} title="When it fails, all others of the group are canceled">essential</span>}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
