import { useState } from 'react';
import type { Job } from '../api/types.ts';
import { Notice } from '../parts/notice.tsx';
import form from '../parts/form.module.css';
import { AnnotateDialog } from './annotate-dialog.tsx';

/** What people say of a job that ended: its failure tags and a comment; who may changes them. */
export function FailureNote({ job }: { job: Job }) {
  const [asking, setAsking] = useState(false);
  const said = (job.failure_comment ?? '') !== '' || job.failure_tags.length > 0;
  const change = job.can_annotate && <button type="button" className={form.plain} onClick={() => setAsking(true)}>{said ? 'Change' : 'Say why it failed'}</button>;
  return (
    <>
      {said ? <Notice tone="warn" title={job.failure_tags.length > 0 ? `Note: ${job.failure_tags.join(', ')}` : 'Note'} action={change || undefined}>{job.failure_comment}</Notice>
        : job.health === 'Incomplete' && change}
      {asking && <AnnotateDialog job={job} onClose={() => setAsking(false)} />}
    </>
  );
}
