import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { post } from '../api/http.ts';
import { meQuery } from '../api/queries.ts';
import { Failure } from '../parts/failure.tsx';
import { Notice } from '../parts/notice.tsx';
import { Coming, Facts, Page, Panel } from '../parts/page.tsx';
import { Ago } from '../parts/time.tsx';
import { FoundRows } from './found-rows.tsx';
import { entityName, queryAddress, queryPath, queryQuery, type SavedQuery } from './query-api.ts';
import style from './queries.module.css';

/** A saved query: what it is, what it finds, and for who may change it what can be done. */
export function QueryPage() {
  const { owner = '', name = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(queryQuery(owner.replace(/^~/u, ''), name));
  if (data === undefined) return <Page title={name}>{error === null ? <Coming /> : <Failure error={error} retry={() => void refetch()} what="The query" />}</Page>;
  return <Shown query={data} />;
}

function Shown({ query }: { query: SavedQuery }) {
  const { data: me } = useQuery(meQuery);
  const queries = useQueryClient();
  const path = queryPath(query);
  const act = useMutation({ mutationFn: ({ to = '', body = {} }: { to?: string; body?: object }) => post(`${path}${to}`, body), onSuccess: () => queries.invalidateQueries({ queryKey: ['queries'] }) });
  const address = queryAddress(query);
  const run = query.is_live || query.refreshed_at !== null;
  const search = { entity: query.entity, conditions: query.conditions_text };
  return (
    <Page title={query.name} lead={`of ${query.owner}`} beside={query.can_change && (
      <>
        {!query.is_live && <Button loading={act.isPending} onClick={() => act.mutate({ to: '/refresh' })}>{run ? 'Refresh' : 'Run it'}</Button>}
        <Button variant="default" component={Link} to={`${address}/+edit`}>Edit</Button>
        <Button variant="default" onClick={() => act.mutate({ body: { is_published: !query.is_published } })}>{query.is_published ? 'Withdraw' : 'Publish'}</Button>
        <Button variant="default" onClick={() => { if (query.is_archived || confirm('Put this query into the archive? Its name stays taken.')) act.mutate({ body: { is_archived: !query.is_archived } }); }}>{query.is_archived ? 'Take out of the archive' : 'Archive'}</Button>
      </>
    )}>
      {act.error !== null && <Failure error={act.error} what="The query" />}
      {query.is_archived && <Notice tone="warn" title="This query is in the archive" />}
      <Panel>
        {query.description !== '' && <p>{query.description}</p>}
        <Facts of={[
          ['Finds', entityName(query.entity)], ['Where', <span className={`mono ${style.conditions}`} key="c">{query.conditions_text.replaceAll(',', ', ') || 'everything'}</span>],
          ['Rows', query.is_live ? 'those of now' : `${query.limit} at most`], ['Refreshed', query.is_live ? 'live' : <Ago key="r" time={query.refreshed_at} />], ['Seen by', query.is_published ? 'everybody' : query.group !== null ? `its owner and group ${query.group}` : 'its owner'],
          query.group !== null && ['Changed by', `its owner and group ${query.group}`], query.label !== '' && ['Label', query.label],
        ]} />
        <p className={style.buttons}>
          <Link to="/results/query/+custom" search={search as never}>As an address</Link>
          {run && <a href={`${address}/+export`}>CSV</a>}
          <Link to="/results/chart/+custom" search={{ ...search, type: query.entity === 'testcase' ? 'measurement' : 'pass/fail' } as never}>Chart</Link>
          {me?.username && <Link to="/results/query/+add" search={search as never}>Copy</Link>}
        </p>
      </Panel>
      {query.is_changed && <Notice tone="warn" title="It was changed since it was refreshed">What is below was found before that.</Notice>}
      {query.omitted.length > 0 && (
        <Notice tone="idle" title={`Left out: ${query.omitted.length}`}>
          {query.can_change ? query.omitted.map((id) => <button key={id} type="button" className={style.plain} onClick={() => act.mutate({ to: '/omit', body: { id, omit: false } })}>Take {id} in again</button>) : query.omitted.join(', ')}
        </Notice>
      )}
      {run ? <FoundRows path={`${path}/results`} query={{}} onOmit={query.can_change ? (id) => act.mutate({ to: '/omit', body: { id } }) : undefined} />
        : <Notice tone="idle" title="It was not run yet">{query.can_change ? 'Run it to see what it finds.' : 'Its owner has to run it first.'}</Notice>}
    </Page>
  );
}
