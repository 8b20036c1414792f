import { useQuery } from '@tanstack/react-query';
import { auditQuery } from '../api/queries.ts';
import { AuditLog } from '../parts/audit-log.tsx';
import { Failure } from '../parts/failure.tsx';
import { Coming } from '../parts/page.tsx';
import { Notifications } from './notifications.tsx';
import style from './tab.module.css';

/** Who did what to the job, and who was told. */
export function AuditTab({ id }: { id: string }) {
  const { data, error } = useQuery(auditQuery('job', id));
  return (
    <div className={style.tab}>
      {data !== undefined ? <AuditLog entries={data} /> : error === null ? <Coming /> : <Failure error={error} what="The audit log" />}
      <Notifications id={id} />
    </div>
  );
}
