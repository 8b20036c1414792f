import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries.ts';
import { useAddress } from '../parts/address.ts';
import { Notice } from '../parts/notice.tsx';
import { Page, Panel } from '../parts/page.tsx';
import { ConditionsForm } from './conditions-form.tsx';
import { FoundRows } from './found-rows.tsx';
import { type Entity, entities } from './query-api.ts';
import { readConditions, writeConditions } from './conditions.ts';
import style from './queries.module.css';

/** A query that its address holds, to try conditions and to keep as a bookmark. */
export function CustomQueryPage() {
  const [search] = useAddress();
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);
  const entity = (entities.some(([key]) => key === search.entity) ? search.entity : 'testjob') as Entity;
  const conditions = search.conditions ?? '';
  const query = { entity, conditions };
  if (me?.username === null) return <Page title="Query"><Notice tone="idle" title="Not signed in" action={<Link to="/accounts/login" search={{ next: `${location.pathname}${location.search}` } as never}>Sign in</Link>}>Queries by address need an account.</Notice></Page>;
  return (
    <Page title="Query" beside={(
      <>
        <Button variant="default" component={Link} to="/results/query/+add" search={query as never}>Save as a query</Button>
        <Button variant="default" component="a" href={`/results/query/+export-custom?${new URLSearchParams(query).toString()}`}>CSV</Button>
      </>
    )}>
      <Panel>
        <form className={style.form} key={`${entity} ${conditions}`} onSubmit={(e) => {
          e.preventDefault();
          const form = new FormData(e.currentTarget);
          void navigate({ to: '/results/query/+custom', search: { entity: form.get('entity') as string, conditions: form.get('conditions') as string } as never });
        }}>
          <ConditionsForm entity={entity} start={readConditions(entity, conditions)} />
          <div className={style.buttons}><Button type="submit">Find</Button></div>
        </form>
      </Panel>
      <FoundRows path="queries/+custom" query={conditions === '' ? { entity } : { entity, conditions: writeConditions(readConditions(entity, conditions)) }} />
    </Page>
  );
}
