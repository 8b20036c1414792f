import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { jobsQuery } from '../api/queries.ts';
import { type Search, useAddress } from '../parts/address.ts';
import { Failure } from '../parts/failure.tsx';
import { count } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { Coming, Empty, Page, Panel } from '../parts/page.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { useTyped } from '../parts/use-typed.ts';
import { filterKeys, type JobFilter } from '../api/job-filter.ts';
import { JobTable } from './job-table.tsx';
import { stateTabs } from './state-tabs.ts';
import listBar from '../parts/list-bar.module.css';
import style from './jobs-page.module.css';

const pageSize = '50';
const chips = ['state', 'health', 'type', 'device', 'submitter'] as const;
const chipNames: Record<string, string> = { type: 'device type' };

/** The list of jobs; everything about the view is in the address. */
export function JobsPage({ tab }: { tab: (typeof stateTabs)[number]['key'] }) {
  const [search, change] = useAddress();
  const fixed = stateTabs.find((t) => t.key === tab);
  const filter: JobFilter = { limit: pageSize };
  for (const key of filterKeys) if (search[key] !== undefined && search[key] !== '') filter[key] = search[key];
  if (fixed !== undefined && 'state' in fixed) filter.state = fixed.state;
  if (fixed !== undefined && 'health' in fixed) filter.health = fixed.health;
  const { data, error, refetch, isPlaceholderData } = useQuery(jobsQuery(filter));
  const last = data?.jobs.at(-1);
  const kept = Object.fromEntries(Object.entries(search).filter(([key]) => key !== 'before' && key !== 'state' && key !== 'health')) as Search;
  const counts: Partial<Record<string, number>> = data === undefined ? {} : { active: data.counts.running, queued: data.counts.queued, finished: data.counts.finished };
  const set = chips.filter((key) => search[key] !== undefined && !(key in (fixed ?? {})));

  return (
    <Page title="Jobs">
      <div className={listBar.bar}>
        <Tabs label="Which jobs" items={stateTabs.map((t) => ({ key: t.key, to: t.path, search: kept, label: t.label, note: counts[t.key] !== undefined ? count(counts[t.key] ?? 0) : undefined, current: t.key === tab }))} />
        <SearchField value={search.search ?? ''} onChange={(text) => change({ search: text, before: undefined })} />
      </div>
      {set.length > 0 && (
        <div className={style.chips}>
          {set.map((key) => (
            <button key={key} type="button" onClick={() => change({ [key]: undefined, before: undefined })} title="Remove this filter">
              {chipNames[key] ?? key}: <strong>{search[key]}</strong><Icon name="close" size={12} /><span className="sr-only">remove</span>
            </button>
          ))}
        </div>
      )}
      <Panel flush>
        {error !== null && data === undefined ? <div className={listBar.inside}><Failure error={error} retry={() => void refetch()} what="The jobs" /></div>
          : data === undefined ? <Coming rows={10} />
          : data.jobs.length > 0 ? <div aria-busy={isPlaceholderData}><JobTable jobs={data.jobs} label="Jobs" /></div>
          : set.length > 0 || search.search !== undefined || search.before !== undefined ? <Empty title="No job matches"><Link to={fixed?.path ?? '/scheduler/alljobs'}>Show all of them</Link></Empty>
          : tab === 'all' ? <Empty title="No jobs yet" command="lava submit job.yaml --follow">Submit the first one here or from a terminal.</Empty>
          : <Empty title={tab === 'active' ? 'Nothing is running' : tab === 'queued' ? 'Nothing waits' : tab === 'failed' ? 'Nothing has failed' : 'Nothing has finished yet'} />}
      </Panel>
      {data !== undefined && (search.before !== undefined || data.more) && (
        <nav className={style.pager} aria-label="Pages">
          {search.before !== undefined && <Button variant="default" onClick={() => change({ before: undefined }, { push: true })}>Newest</Button>}
          {data.more && last !== undefined && <Button variant="default" onClick={() => { change({ before: String(last.id) }, { push: true }); scrollTo(0, 0); }}>Older</Button>}
        </nav>
      )}
    </Page>
  );
}

/** Changes the address shortly after the last key. */
function SearchField({ value, onChange }: { value: string; onChange: (text: string | undefined) => void }) {
  const [text, setText, send] = useTyped(value, onChange);
  return (
    <TextInput type="search" className={listBar.search} aria-label="Search jobs" placeholder="Search   /" leftSection={<Icon name="search" size={14} />} value={text}
      onChange={(e) => setText(e.currentTarget.value)} onKeyDown={(e) => { if (e.key === 'Enter') send(); if (e.key === 'Escape') e.currentTarget.blur(); }} />
  );
}
