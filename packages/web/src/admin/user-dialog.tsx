import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../api/http.ts';
import { groupsQuery, restPath } from '../api/queries.ts';
import type { User } from '../api/types.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import form from '../parts/form.module.css';

const flags = [['is_active', 'may sign in'], ['is_staff', 'staff'], ['is_superuser', 'superuser: may do everything']] as const;

/** A user to add or to change. Nobody takes the rights from himself that he needs to give them back. */
export function UserDialog({ user, self, onClose }: { user: User | undefined; self: boolean; onClose: () => void }) {
  const [is, setIs] = useState({ username: user?.username ?? '', email: user?.email ?? '', is_active: user?.is_active ?? true, is_staff: user?.is_staff ?? false, is_superuser: user?.is_superuser ?? false, groups: user?.groups ?? [] });
  const [password, setPassword] = useState('');
  const groups = useQuery(groupsQuery);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => send(user === undefined ? 'POST' : 'PATCH', `${restPath}/users/${user === undefined ? '' : `${user.id}/`}`, { ...is, ...(password !== '' && { password }) }),
    onSuccess: () => { void queries.invalidateQueries({ queryKey: ['users'] }); onClose(); },
  });
  return (
    <Dialog title={user === undefined ? 'Add a user' : user.username} onClose={onClose}>
      <form className={form.sheet} onSubmit={(e) => { e.preventDefault(); save.mutate(); }}>
        {user === undefined && <TextInput label="User name" required maxLength={150} value={is.username} onChange={(e) => setIs({ ...is, username: e.currentTarget.value })} />}
        <TextInput label="E-mail" type="email" value={is.email} onChange={(e) => setIs({ ...is, email: e.currentTarget.value })} />
        <PasswordInput label={user === undefined ? 'Password' : 'New password'} description={user === undefined ? 'Without one the user can only use tokens' : 'Ends the sessions of the user; left empty, it stays'} autoComplete="new-password" value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        <fieldset className={form.flags}>
          <legend className="quiet">Is</legend>
          {flags.map(([key, label]) => <label key={key}><input type="checkbox" checked={is[key]} disabled={self && key !== 'is_staff'} onChange={(e) => setIs({ ...is, [key]: e.currentTarget.checked })} />{label}</label>)}
        </fieldset>
        {(groups.data ?? []).length > 0 && (
          <fieldset className={form.flags}>
            <legend className="quiet">Groups</legend>
            {groups.data?.map(({ name }) => <label key={name}><input type="checkbox" checked={is.groups.includes(name)} onChange={(e) => setIs({ ...is, groups: e.currentTarget.checked ? [...is.groups, name] : is.groups.filter((g) => g !== name) })} />{name}</label>)}
          </fieldset>
        )}
        {save.error !== null && <Failure error={save.error} what="The user" />}
        <div className={form.buttons}><Button variant="default" onClick={onClose}>Close</Button><Button type="submit" loading={save.isPending}>{user === undefined ? 'Add' : 'Change'}</Button></div>
      </form>
    </Dialog>
  );
}
