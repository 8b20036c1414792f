import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { usersQuery } from '../api/queries.ts';
import type { User } from '../api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';
import { Ago } from '../parts/time.tsx';
import form from '../parts/form.module.css';
import { UserDialog } from './user-dialog.tsx';

/** Who can sign in, and as what. */
export function UsersPanel({ me }: { me: string }) {
  const { data, error, refetch } = useQuery(usersQuery);
  const [shown, setShown] = useState<User | 'new'>();
  if (data === undefined) return error === null ? <Coming rows={6} /> : <Failure error={error} retry={() => void refetch()} what="The users" />;
  return (
    <>
      <Panel flush title={`Users (${data.length})`} beside={<Button variant="default" onClick={() => setShown('new')}>Add a user</Button>}>
        <table className={table.table} aria-label="Users">
          <thead><tr><th scope="col">User</th><th scope="col">Is</th><th scope="col">Groups</th><th scope="col">E-mail</th><th scope="col">Last sign-in</th></tr></thead>
          <tbody>
            {data.map((u) => (
              <tr key={u.id}>
                <td className={table.main}><button type="button" className={form.plain} data-row onClick={() => setShown(u)}>{u.username}</button></td>
                <td data-label="Is">{[!u.is_active && 'shut out', u.is_superuser && 'superuser', u.is_staff && 'staff'].filter(Boolean).join(', ') || <span className="quiet">user</span>}</td>
                <td className={table.wide} data-label="Groups">{u.groups.join(', ')}</td>
                <td data-label="E-mail">{u.email}</td>
                <td className={table.named} data-label="Last sign-in"><Ago time={u.last_login} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
      {shown !== undefined && <UserDialog user={shown === 'new' ? undefined : shown} self={shown !== 'new' && shown.username === me} onClose={() => setShown(undefined)} />}
    </>
  );
}
