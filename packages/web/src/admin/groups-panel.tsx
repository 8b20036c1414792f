import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../api/http.ts';
import { groupsQuery, restPath, sharesQuery, usersQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';
import form from '../parts/form.module.css';
import style from './admin.module.css';
import { ShareDialog, shareText } from './share-dialog.tsx';

/** Groups that permissions are given to, who is in them, and what they get of the lab. */
export function GroupsPanel() {
  const groups = useQuery(groupsQuery);
  const users = useQuery(usersQuery);
  const shares = useQuery(sharesQuery);
  const [name, setName] = useState('');
  const [shareOf, setShareOf] = useState<string>();
  const queries = useQueryClient();
  const again = () => { for (const key of ['groups', 'users', 'shares']) void queries.invalidateQueries({ queryKey: [key] }); };
  const add = useMutation({ mutationFn: () => send('POST', `${restPath}/groups/`, { name }), onSuccess: () => { setName(''); again(); } });
  const remove = useMutation({ mutationFn: (id: number) => send('DELETE', `${restPath}/groups/${id}/`), onSuccess: again });
  const error = groups.error ?? shares.error ?? add.error ?? remove.error;
  const share = (group: string | undefined) => shares.data?.find((s) => s.group === group);
  const members = (group: string) => (users.data ?? []).filter((u) => u.groups.includes(group)).map((u) => u.username);
  return (
    <Panel flush title="Groups">
      {error !== null && <div className={style.inside}><Failure error={error} what="The groups" /></div>}
      {groups.data === undefined ? groups.error === null && <Coming rows={4} />
        : groups.data.length === 0 ? <Empty title="No groups yet">A device that a group may see, use or change shows that on its page.</Empty>
        : (
          <table className={table.table} aria-label="Groups">
            <thead><tr><th scope="col">Group</th><th scope="col">Members</th><th scope="col">Share of the lab</th><th scope="col"><span className="sr-only">Remove</span></th></tr></thead>
            <tbody>
              {groups.data.map((g) => (
                <tr key={g.id}>
                  <td className={table.main}>{g.name}</td>
                  <td className={table.wide} data-label="Members">{members(g.name).join(', ') || <span className="quiet">nobody: users are put into groups on their own page</span>}</td>
                  <td><button type="button" className={form.plain} aria-label={`${shareText(share(g.name))}, share of ${g.name}`} onClick={() => setShareOf(g.name)}>{shareText(share(g.name))}</button></td>
                  <td><button type="button" className={form.plain} aria-label={`Remove group ${g.name}`} onClick={() => { if (confirm(`Remove group ${g.name}? What it may is gone with it.`)) remove.mutate(g.id); }}>Remove</button></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      <form className={`${form.row} ${style.inside}`} onSubmit={(e) => { e.preventDefault(); add.mutate(); }}>
        <TextInput label="New group" required maxLength={150} value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <Button type="submit" variant="default" loading={add.isPending}>Add</Button>
      </form>
      {shareOf !== undefined && <ShareDialog group={shareOf} share={share(shareOf)} onClose={() => setShareOf(undefined)} />}
    </Panel>
  );
}
