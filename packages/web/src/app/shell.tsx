import { ActionIcon, Button, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import { post } from '../api/http.ts';
import { useLiveState } from '../api/live.ts';
import { meQuery } from '../api/queries.ts';
import { Icon } from '../parts/icons.tsx';
import { focusSearch, moveRow, useKeys } from '../parts/keyboard.ts';
import { KeysDialog } from './keys-dialog.tsx';
import style from './shell.module.css';

const places = [
  { to: '/scheduler/alljobs', label: 'Jobs', under: /^\/scheduler\/(alljobs|jobs?\/)|^\/results\/\d/u },
  { to: '/scheduler/alldevices', label: 'Devices', under: /^\/scheduler\/(alldevices|device\/)/u },
  { to: '/scheduler/device_types', label: 'Device types', under: /^\/scheduler\/(all)?device_type/u },
  { to: '/scheduler/allworkers', label: 'Workers', under: /^\/scheduler\/(allworkers|worker\/)/u },
  { to: '/results/query', label: 'Queries', under: /^\/results\/(query|chart)/u },
] as const;

/** What stands around every page: head with the main places, the page, the help. */
export function Shell() {
  const [help, setHelp] = useState(false);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const navigate = useNavigate();
  const go = (to: string) => () => void navigate({ to });
  useKeys({
    'g h': go('/'), 'g j': go('/scheduler/alljobs'), 'g q': go('/scheduler/jobs/queued'), 'g d': go('/scheduler/alldevices'),
    'g t': go('/scheduler/device_types'), 'g w': go('/scheduler/allworkers'), 'g s': go('/scheduler/jobsubmit'), 'g ?': go('/help'),
    j: () => moveRow(1), k: () => moveRow(-1), '/': focusSearch, '?': () => setHelp(true),
  });
  return (
    <>
      <a href="#content" className={style.skip}>Skip to the content</a>
      <header className={style.head}>
        <Link to="/" activeOptions={{ exact: true }} className={style.brand} aria-label="LAVA, home"><img src="/favicon.svg" alt="" width="22" height="22" />LAVA</Link>
        <nav className={style.places} aria-label="Main">
          {places.map((p) => <Link key={p.to} to={p.to} aria-current={p.under.test(path) ? 'page' : undefined}>{p.label}</Link>)}
        </nav>
        <div className={style.tools}>
          <Connection />
          <Button component={Link} to="/scheduler/jobsubmit" leftSection={<Icon name="plus" size={14} />}>Submit</Button>
          <Colours />
          <ActionIcon aria-label="Keyboard help" title="Keyboard help (?)" onClick={() => setHelp(true)}><Icon name="help" /></ActionIcon>
          <Account />
        </div>
      </header>
      <main id="content" tabIndex={-1} className={style.main}><Outlet /></main>
      {help && <KeysDialog onClose={() => setHelp(false)} />}
    </>
  );
}

/** Says when what is shown may be old. */
function Connection() {
  const state = useLiveState();
  return (
    <span role="status" className={style.connection} data-state={state} title={state === 'online' ? 'Live: changes appear by themselves' : 'Not connected: trying again'}>
      <span className={style.dot} aria-hidden="true" />
      <span className={state === 'online' ? 'sr-only' : undefined}>{state === 'online' ? 'Live' : state === 'connecting' ? 'Connecting…' : 'Offline'}</span>
    </span>
  );
}

const schemes = { auto: { next: 'light', icon: 'auto', label: 'as the system' }, light: { next: 'dark', icon: 'sun', label: 'light' }, dark: { next: 'auto', icon: 'moon', label: 'dark' } } as const;

function Colours() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, icon, label } = schemes[colorScheme];
  return <ActionIcon aria-label={`Colours: ${label}. Change`} title={`Colours: ${label}`} onClick={() => setColorScheme(next)}><Icon name={icon} /></ActionIcon>;
}

function Account() {
  const { data: me } = useQuery(meQuery);
  const queries = useQueryClient();
  const here = useRouterState({ select: (s) => s.location.href });
  if (me === undefined) return <span className={style.account} />;
  if (me.username === null) {
    return <span className={style.account}>{!here.startsWith('/accounts/') && <Link to="/accounts/login" search={{ next: here } as never}>Sign in</Link>}</span>;
  }
  const signOut = () => void post('logout').finally(() => { queries.clear(); location.assign('/'); });
  return (
    <span className={style.account}>
      {me.is_superuser && <Link className={style.admin} to="/admin/users" title="Users, groups, tokens, the lab as one file">Admin</Link>}
      <Link to="/me" title="Your jobs and tokens">{me.username}</Link>
      <button type="button" className={style.plain} onClick={signOut}>Sign out</button>
    </span>
  );
}
