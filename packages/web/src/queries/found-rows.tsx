import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useAddress } from '../parts/address.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { Failure } from '../parts/failure.tsx';
import { JobLink } from '../parts/links.tsx';
import { Coming, Empty, Panel } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { resultMark } from '../parts/state.ts';
import table from '../parts/table.module.css';
import { Ago } from '../parts/time.tsx';
import { type Found, foundQuery } from './query-api.ts';
import style from './queries.module.css';

/** What a query finds, a page at a time. */
export function FoundRows({ path, query, onOmit }: { path: string; query: Record<string, string | undefined>; onOmit?: ((id: number) => void) | undefined }) {
  const [search, change] = useAddress();
  const { data, error, refetch } = useQuery(foundQuery(path, { ...query, before: search.before }));
  if (data === undefined) return <Panel flush>{error === null ? <Coming rows={8} /> : <div className={style.inside}><Failure error={error} retry={() => void refetch()} what="What the query finds" /></div>}</Panel>;
  const last = data.rows.at(-1);
  return (
    <>
      <Panel flush>{data.rows.length === 0 ? <Empty title="Nothing is found" /> : <Rows found={data} onOmit={onOmit} />}</Panel>
      {(search.before !== undefined || data.more) && (
        <nav className={style.buttons} aria-label="Pages">
          {search.before !== undefined && <Button variant="default" onClick={() => change({ before: undefined }, { push: true })}>Newest</Button>}
          {data.more && last !== undefined && <Button variant="default" onClick={() => change({ before: String(last.id) }, { push: true })}>Older</Button>}
        </nav>
      )}
    </>
  );
}

function Rows({ found, onOmit }: { found: Found; onOmit: ((id: number) => void) | undefined }) {
  if (found.entity === 'testjob' && !onOmit) return <JobTable jobs={found.rows} label="Jobs found" />;
  const omitHead = onOmit && <th scope="col"><span className="sr-only">Leave out</span></th>;
  const omit = (id: number, what: string) => onOmit && <td><button type="button" className={style.plain} aria-label={`Leave out ${what}`} onClick={() => onOmit(id)}>Leave out</button></td>;
  return (
    <table className={table.table} aria-label="Found">
      {found.entity === 'testjob' ? (
        <>
          <thead><tr><th scope="col">Job</th><th scope="col">Description</th><th scope="col">State</th><th scope="col">Submitter</th>{omitHead}</tr></thead>
          <tbody>{found.rows.map((j) => <tr key={j.id}><td className={table.main}><JobLink id={j.id} row /></td><td className={table.wide}>{j.description}</td><td data-label="State">{j.state}, {j.health}</td><td data-label="Submitter">{j.submitter}</td>{omit(j.id, `job ${j.id}`)}</tr>)}</tbody>
        </>
      ) : found.entity === 'testsuite' ? (
        <>
          <thead><tr><th scope="col">Suite</th><th scope="col">Job</th><th scope="col">Results</th>{omitHead}</tr></thead>
          <tbody>{found.rows.map((s) => <tr key={s.id}><td className={table.main}><ResultLink job={s.job} suite={s.name}>{s.name}</ResultLink></td><td data-label="Job"><JobLink id={s.job} /></td><td className={table.wide}>{s.passed} passed, {s.failed} failed, {s.skipped} skipped</td>{omit(s.id, `suite ${s.name} of job ${s.job}`)}</tr>)}</tbody>
        </>
      ) : (
        <>
          <thead><tr><th scope="col">Case</th><th scope="col">Result</th><th scope="col">Measured</th><th scope="col">Suite</th><th scope="col">Job</th><th scope="col">When</th>{omitHead}</tr></thead>
          <tbody>
            {found.rows.map((c) => (
              <tr key={c.id}>
                <td className={`${table.main} ${table.wide}`}><ResultLink job={c.job} suite={c.suite} name={c.name}>{c.name}</ResultLink></td><td data-label="Result"><StateMark mark={resultMark[c.result]} plain /></td>
                <td data-label="Measured" className="num">{c.measurement !== null && `${c.measurement} ${c.units}`}</td><td data-label="Suite">{c.suite}</td><td data-label="Job"><JobLink id={c.job} /></td><td data-label="When"><Ago time={c.logged} /></td>
                {omit(c.id, `case ${c.name} of job ${c.job}`)}
              </tr>
            ))}
          </tbody>
        </>
      )}
    </table>
  );
}

const ResultLink = ({ job, suite, name = '', children }: { job: number; suite: string; name?: string; children: string }) => (
  <Link to="/scheduler/job/$job" params={{ job: String(job) }} search={{ pane: 'results', suite, ...(name && { case: name }) } as never} data-row>{children}</Link>
);
