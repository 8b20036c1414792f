import { useQuery } from '@tanstack/react-query';
import type { ActionRow, Job } from '../api/types.ts';
import { HelpLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import style from './failure-notice.module.css';

/** Why a job failed: class, action, text, line, and what the documentation says of its reason code. */
export function FailureNotice({ job, failedAction, line, onLine }: { job: Job; failedAction: ActionRow | undefined; line: number | undefined; onLine: (line: number) => void }) {
  const code = job.error_code;
  const { data: reasons } = useQuery({ queryKey: ['reasons'], queryFn: async () => (await import('../help/reasons.ts')).reasons, enabled: code !== null, staleTime: Infinity });
  const advice = code === null ? undefined : reasons?.get(code)?.advice;
  return (
    <Notice tone="bad" role="status" action={line !== undefined ? <button type="button" className={style.line} onClick={() => onLine(line)}>Line {line}</button> : undefined}>
      <span className={style.reason}><strong>{job.error_type === null ? 'Failed' : `${job.error_type} error`}</strong>{failedAction !== undefined && <> in <strong>{failedAction.name}</strong></>}: {job.error_msg ?? 'no reason was reported'}</span>
      {code !== null && reasons !== undefined && <span className={style.advice}>{advice !== undefined && <>{advice} </>}{advice === undefined ? <code>{code}</code> : <HelpLink page="job-failures" anchor={code}>{code}</HelpLink>}</span>}
    </Notice>
  );
}
