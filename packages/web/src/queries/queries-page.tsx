import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { meQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';
import { Ago } from '../parts/time.tsx';
import { entityName, queriesQuery, queryAddress, type SavedQuery } from './query-api.ts';
import { QueryTabs } from './query-tabs.tsx';

/** The queries that one may look at: one's own first, then those of others by their labels. */
export function QueriesPage() {
  const { data, error, refetch } = useQuery(queriesQuery);
  const { data: me } = useQuery(meQuery);
  const own = data?.filter((q) => q.owner === me?.username) ?? [];
  const others = data?.filter((q) => q.owner !== me?.username) ?? [];
  const labels = [...new Set(others.map((q) => q.label))].sort();
  return (
    <Page title="Queries" beside={me?.username ? <Button component={Link} to="/results/query/+add">Add a query</Button> : undefined}>
      <QueryTabs current="queries" />
      {data === undefined ? <Panel flush>{error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The queries" />}</Panel>
        : data.length === 0 ? <Panel><Empty title="No queries yet">A query finds jobs, test suites or test cases by what is said of them, and keeps its name and address.</Empty></Panel>
        : (
          <>
            {own.length > 0 && <QueryList title="Yours" queries={own} />}
            {labels.map((label) => <QueryList key={label} title={label || 'Of others'} queries={others.filter((q) => q.label === label)} />)}
          </>
        )}
    </Page>
  );
}

function QueryList({ title, queries }: { title: string; queries: readonly SavedQuery[] }) {
  return (
    <Panel flush title={title}>
      <table className={table.table} aria-label={`Queries: ${title}`}>
        <thead><tr><th scope="col">Query</th><th scope="col">Description</th><th scope="col">Finds</th><th scope="col">Owner</th><th scope="col">Refreshed</th></tr></thead>
        <tbody>
          {queries.map((q) => (
            <tr key={queryAddress(q)}>
              <td className={table.main}><Link to={queryAddress(q) as '/'} data-row>{q.name}</Link></td>
              <td className={table.wide}>{q.description}</td>
              <td data-label="Finds">{entityName(q.entity)}</td>
              <td data-label="Owner">{q.owner}</td>
              <td data-label="Refreshed">{q.is_live ? 'live' : <Ago time={q.refreshed_at} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
