import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { TokensPanel } from '../admin/tokens-panel.tsx';
import { jobsQuery, meQuery } from '../api/queries.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { Failure } from '../parts/failure.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';

/** Who one is here: own jobs and tokens. */
export function MePage() {
  const { data: me } = useQuery(meQuery);
  if (me === undefined) return <Page title="You"><Coming /></Page>;
  if (me.username === null) return <Page title="You"><Notice tone="idle" title="Not signed in" action={<Link to="/accounts/login" search={{ next: '/me' } as never}>Sign in</Link>}>Your jobs and tokens are shown here then.</Notice></Page>;
  return <Shown name={me.username} superuser={me.is_superuser} />;
}

function Shown({ name, superuser }: { name: string; superuser: boolean }) {
  const jobs = useQuery(jobsQuery({ submitter: name, limit: '10' }));
  return (
    <Page title={name} lead={superuser ? <>superuser: <Link to="/admin/users">admin pages</Link></> : undefined}>
      <Panel flush title="Your jobs" beside={<Link to="/scheduler/alljobs" search={{ submitter: name } as never}>All</Link>}>
        {jobs.data === undefined ? jobs.error === null ? <Coming /> : <Failure error={jobs.error} what="The jobs" />
          : jobs.data.jobs.length === 0 ? <Empty title="No jobs yet" command="lava submit job.yaml --follow" /> : <JobTable jobs={jobs.data.jobs} label="Your jobs" without={['submitter']} />}
      </Panel>
      <TokensPanel />
    </Page>
  );
}
