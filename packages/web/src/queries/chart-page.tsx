import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { post, send } from '../api/http.ts';
import { useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Page, Panel } from '../parts/page.tsx';
import { Ago } from '../parts/time.tsx';
import { PlotAndTable } from './plot.tsx';
import { type ChartPart, chartPath, chartQuery, chartTypes, customChartQuery } from './query-api.ts';

/** A saved chart: its plots one below the other. */
export function ChartPage() {
  const { name = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(chartQuery(name));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: ['charts'] });
  const publish = useMutation({ mutationFn: (is_published: boolean) => post(chartPath(name), { is_published }), onSuccess: again });
  const remove = useMutation({ mutationFn: () => send('DELETE', chartPath(name)), onSuccess: async () => { await navigate({ to: '/results/chart' }); await again(); } });
  if (data === undefined) return <Page title={name}>{error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The chart" />}</Page>;
  return (
    <Page title={data.name} lead={`of ${data.owner}`} beside={data.can_change && (
      <>
        <Button variant="default" component={Link} to={`/results/chart/${encodeURIComponent(name)}/+edit`}>Edit</Button>
        <Button variant="default" loading={publish.isPending} onClick={() => publish.mutate(!data.is_published)}>{data.is_published ? 'Withdraw' : 'Publish'}</Button>
        <Button variant="default" loading={remove.isPending} onClick={() => { if (confirm('Remove this chart? Its queries stay.')) remove.mutate(); }}>Remove</Button>
      </>
    )}>
      {data.description !== '' && <p>{data.description}</p>}
      {data.parts.length === 0 && <Notice tone="idle" title="It draws nothing yet">Edit it and name the queries that it draws.</Notice>}
      {data.parts.map((part, n) => (
        <Panel key={n} title={<Link to={`/results/query/${part.query}` as '/'}>{part.query}</Link>} beside={<span className="quiet">{part.is_live ? 'live' : <>refreshed <Ago time={part.refreshed_at} /></>}{part.has_omitted && ', some rows are left out'}</span>}>
          {part.description !== '' && <p className="quiet">{part.description}</p>}
          {part.problem === undefined ? <PlotAndTable series={part.series} part={part} /> : <Notice tone="warn">{part.problem}</Notice>}
        </Panel>
      ))}
    </Page>
  );
}

/** A chart of a query that the address holds. */
export function CustomChartPage() {
  const [search] = useAddress();
  const { data, error, refetch } = useQuery(customChartQuery(search));
  const type = chartTypes.find((t) => t === search.type) ?? 'measurement';
  const part: ChartPart = { query: '', type, representation: 'lines', visibility: 'both', height: 300, is_percentage: search.percentage === '1', target_goal: null, x_attribute: null, attributes: [] };
  return (
    <Page title="Chart" lead={type} beside={<Button variant="default" component={Link} to="/results/query/+custom" search={{ entity: search.entity ?? 'testjob', conditions: search.conditions ?? '' } as never}>The query</Button>}>
      <Panel>{data === undefined ? error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The chart" /> : <PlotAndTable series={data} part={part} />}</Panel>
    </Page>
  );
}
