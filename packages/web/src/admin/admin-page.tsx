import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { meQuery } from '../api/queries.ts';
import { Notice } from '../parts/notice.tsx';
import { Coming, Page } from '../parts/page.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { adminTabs, type AdminTab } from './admin-tabs.ts';
import { GroupsPanel } from './groups-panel.tsx';
import { LabPanel } from './lab-panel.tsx';
import { TokensPanel } from './tokens-panel.tsx';
import { UsersPanel } from './users-panel.tsx';

const labels: Readonly<Record<AdminTab, string>> = { users: 'Users', groups: 'Groups', tokens: 'Tokens', lab: 'Lab file' };

/** People, what they may, and the lab as one file; for superusers. */
export function AdminPage() {
  const { data: me } = useQuery(meQuery);
  const path = useRouterState({ select: (s) => s.location.pathname.replace(/\/$/u, '') });
  const tab = adminTabs.find((t) => path.endsWith(`/${t}`)) ?? 'users';
  if (me === undefined) return <Page title="Admin"><Coming /></Page>;
  if (!me.is_superuser) {
    return (
      <Page title="Admin">
        <Notice tone="idle" role="alert" title="For superusers" action={me.username === null ? <Link to="/accounts/login" search={{ next: path } as never}>Sign in</Link> : undefined}>
          {me.username === null ? 'Sign in as one to see this.' : <>An admin makes you one: <code>lava-server manage users update {me.username} --superuser</code></>}
        </Notice>
      </Page>
    );
  }
  return (
    <Page title="Admin" windowTitle={`Admin: ${labels[tab]}`}>
      <Tabs label="What to administer" items={adminTabs.map((t) => ({ key: t, to: `/admin/${t}`, label: labels[t], current: t === tab }))} />
      {tab === 'users' ? <UsersPanel me={me.username ?? ''} /> : tab === 'groups' ? <GroupsPanel /> : tab === 'tokens' ? <TokensPanel all /> : <LabPanel />}
    </Page>
  );
}
