import type { Job } from '../api/types.ts';
import { localTime, plural } from '../parts/format.ts';
import { DeviceLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import style from './attempts-notice.module.css';

/** What failed before the attempt that counts, where each begins in the log, and what is still to come. */
export function AttemptsNotice({ job, onLine }: { job: Job; onLine: ((line: number) => void) | undefined }) {
  const waits = job.state === 'Submitted';
  const earlier = waits ? job.attempts : job.attempts.slice(0, -1);
  if (earlier.length === 0 || job.retry === null) return null;
  const left = job.retry.most - job.retry.retried;
  return (
    <Notice tone="warn" title={waits ? `Waiting to be tried again (${job.retry.retried} of at most ${job.retry.most} times)` : `Tried again: ${job.retry.retried} of at most ${plural(job.retry.most, 'time')}`}>
      <ol className={style.attempts}>
        {earlier.map((a) => (
          <li key={a.number}>
            Attempt {a.number} on <DeviceLink name={a.device} />: {a.error_type === null ? 'ended with its group' : <>{a.error_msg} <code>{a.error_code ?? a.error_type}</code></>}
            {onLine !== undefined && job.log_lines > a.start_line && <> <button type="button" className={style.line} onClick={() => onLine(a.start_line)}>Line {a.start_line}</button></>}
          </li>
        ))}
      </ol>
      {waits && job.retry.not_before !== null && <>Not before {localTime(job.retry.not_before)}. </>}
      {left > 0 && !waits && job.state !== 'Finished' && <>{plural(left, 'attempt')} left if this one fails. </>}
      Results are those of the last attempt.
    </Notice>
  );
}
