import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { meQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import table from '../parts/table.module.css';
import { chartsQuery } from './query-api.ts';
import { QueryTabs } from './query-tabs.tsx';

/** The charts that one may look at. */
export function ChartsPage() {
  const { data, error, refetch } = useQuery(chartsQuery);
  const { data: me } = useQuery(meQuery);
  return (
    <Page title="Charts" beside={me?.username ? <Button component={Link} to="/results/chart/+add">Add a chart</Button> : undefined}>
      <QueryTabs current="charts" />
      <Panel flush>
        {data === undefined ? error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The charts" />
          : data.length === 0 ? <Empty title="No charts yet">A chart draws what saved queries find over time.</Empty>
          : (
            <table className={table.table} aria-label="Charts">
              <thead><tr><th scope="col">Chart</th><th scope="col">Description</th><th scope="col">Label</th><th scope="col">Owner</th></tr></thead>
              <tbody>{data.map((c) => <tr key={c.name}><td className={table.main}><Link to="/results/chart/$name" params={{ name: c.name }} data-row>{c.name}</Link></td><td className={table.wide}>{c.description}</td><td data-label="Label">{c.label}</td><td data-label="Owner">{c.owner}</td></tr>)}</tbody>
            </table>
          )}
      </Panel>
    </Page>
  );
}
