import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError, post } from '../api/http.ts';
import { live } from '../api/live.ts';
import { signInQuery } from '../api/queries.ts';
import type { Me } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import { Notice } from '../parts/notice.tsx';
import { useTitle } from '../parts/page.tsx';
import style from './login-page.module.css';

/** Only addresses of this site: never `//host` or `https:`. */
const safeNext = (next: string | undefined) => (next !== undefined && /^\/(?![/\\])/u.test(next) ? next : '/');

export function LoginPage() {
  useTitle('Sign in');
  const [search] = useAddress();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    mutationFn: () => post<Me>('login', { username, password }),
    onSuccess: (me) => {
      queries.clear();
      queries.setQueryData(['me'], me);
      live.reconnect();
      void navigate({ href: safeNext(search.next) });
    },
    onError: () => setPassword(''),
  });
  const error = login.error;
  const { data: elsewhere } = useQuery(signInQuery);
  return (
    <div className={style.page}>
      <form className={style.sheet} onSubmit={(e) => { e.preventDefault(); login.mutate(); }}>
        <h1>Sign in</h1>
        {error !== null && (
          <Notice tone="bad" role="alert">
            {error instanceof ApiError && error.status === 401 ? 'User name or password is wrong.' : error.message}
          </Notice>
        )}
        <TextInput size="sm" label="User name" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus value={username} onChange={(e) => setUsername(e.currentTarget.value)} />
        <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        <Button type="submit" size="sm" fullWidth loading={login.isPending}>Sign in</Button>
        {elsewhere !== undefined && elsewhere.providers.length > 0 && (
          <div className={style.elsewhere}>
            {/* Not a page of this application: the browser leaves for it. */}
            {elsewhere.providers.map(({ name, label, url }) => <Button key={name} component="a" href={`${url}?next=${encodeURIComponent(safeNext(search.next))}`} variant="default" size="sm" fullWidth>Sign in with {label}</Button>)}
          </div>
        )}
        <p className="quiet">No account? Whoever runs this server adds one with <code>lava-server manage users add NAME</code>.</p>
      </form>
    </div>
  );
}
