import type { AuditEntry } from '../api/types.ts';
import style from './audit-log.module.css';
import { Ago } from './time.tsx';

/** What happened and who did it, newest first. */
export function AuditLog({ entries, none = 'Nothing was noted yet.' }: { entries: readonly AuditEntry[]; none?: string }) {
  if (entries.length === 0) return <p className={style.none}>{none}</p>;
  return (
    <ol className={style.log}>
      {entries.map((entry, i) => (
        <li key={`${entry.at} ${i}`}><span className={style.when}><Ago time={entry.at} /></span><span className={style.what}>{entry.message}<span className={style.who}> {entry.actor}</span></span></li>
      ))}
    </ol>
  );
}
