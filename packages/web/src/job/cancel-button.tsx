import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../api/http.ts';
import type { Job } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { plural } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { Notice } from '../parts/notice.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { jobEnded, jobMark } from '../parts/state.ts';
import style from './cancel-button.module.css';

/** Asks before a job is ended, and says what ends with it. */
export function CancelButton({ job }: { job: Job }) {
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => post(`jobs/${job.id}/cancel`),
    onSuccess: () => { setAsking(false); void queries.invalidateQueries({ queryKey: ['job', String(job.id)] }); },
  });
  const others = job.group.filter((j) => j.id !== job.id && !jobEnded(j));
  const what = others.length > 0 ? `${others.length + 1} jobs` : 'job';
  const cases = job.passed + job.failed + job.skipped + job.unknown;
  return (
    <>
      <Button variant="default" leftSection={<Icon name="stop" size={14} />} disabled={job.state === 'Canceling'} onClick={() => setAsking(true)}>{job.state === 'Canceling' ? 'Canceling…' : 'Cancel job'}</Button>
      {asking && (
        <Dialog title={others.length > 0 ? `Cancel job ${job.sub_id} and its group?` : `Cancel job ${job.id}?`} onClose={() => setAsking(false)}>
          <p>{job.start_time === null ? 'It leaves the queue and will not run.' : `It ends now, the device is powered off, and ${plural(cases, 'result')} so far ${cases === 1 ? 'is' : 'are'} kept.`}</p>
          {others.length > 0 && (
            <>
              <p>The jobs of a multinode group end together. {plural(others.length, 'other job')} will be canceled too:</p>
              <ul className={style.others} tabIndex={0} aria-label="Jobs that end with it">{others.map((j) => <li key={j.id}><strong>{j.role}</strong> <span className="num">{j.sub_id}</span> <StateMark mark={jobMark(j)} plain />{j.device !== null && <span className="quiet"> on {j.device}</span>}</li>)}</ul>
            </>
          )}
          {cancel.error !== null && <Notice tone="bad" role="alert">{cancel.error.message}</Notice>}
          <div className={style.ask}>
            <Button variant="default" onClick={() => setAsking(false)}>Let it be</Button>
            <Button className={style.danger} loading={cancel.isPending} onClick={() => cancel.mutate()}>Cancel {what}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
