import { useQuery } from '@tanstack/react-query';
import { notificationsQuery } from '../api/queries.ts';
import type { Notification } from '../api/types.ts';
import table from '../parts/table.module.css';
import { Ago } from '../parts/time.tsx';
import style from './notifications.module.css';

const methods = { email: 'Mail', irc: 'IRC', callback: 'Callback' } as const;

/** Who was told of the job, whether it arrived, and why not; nothing where nobody is to be told, or who asks may not know. */
export function Notifications({ id }: { id: string }) {
  const { data } = useQuery(notificationsQuery(id));
  if (data === undefined || data.length === 0) return null;
  return (
    <section className={style.section} aria-labelledby="notifications">
      <h2 id="notifications">Notifications</h2>
      <table className={table.table}>
        <thead><tr><th>Way</th><th>To</th><th>State</th><th>When</th></tr></thead>
        <tbody>
          {data.map((n) => (
            <tr key={n.id}>
              <td className={table.main}>{methods[n.method]}</td>
              <td className={table.wide}>{n.recipient}{n.error !== null && <div className={style.error}>{n.error}</div>}</td>
              <td data-status={n.status} className={style.status}>{stateOf(n)}</td>
              <td><Ago time={n.ended_at ?? n.created_at} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function stateOf({ status, tries, next_at: next }: Notification): string {
  if (status === 'sent') return 'Sent';
  if (status === 'superseded') return 'Overtaken by a later one';
  if (status === 'failed') return tries > 1 ? `Given up after ${tries} tries` : 'Failed';
  return tries === 0 || next === null ? 'Waiting' : `Failed ${tries === 1 ? 'once' : `${tries} times`}; next try at ${new Date(next).toLocaleTimeString()}`;
}
