import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { CaseRow, SuiteRow } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import { Counts } from '../jobs/counts.tsx';
import { count } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { resultMark } from '../parts/state.ts';
import { bySet, caseLine, failuresFirst, type Tally, tally, testsFirst, trimMeasurement } from './results-model.ts';
import style from './results-panel.module.css';

/** Rows of a suite before one asks for the rest. */
const fewRows = 300;

interface Selected { suite: string; case?: string | undefined }

interface PanelProps { id: string; suites: readonly SuiteRow[]; ended: boolean; selected: Selected | undefined }

/** Test results as they arrive, by suite and set. */
export function ResultsPanel({ id, suites, ended, selected }: PanelProps) {
  const [search, change] = useAddress();
  const failures = search.order !== 'arrival';
  const tests = testsFirst(suites);
  return (
    <div className={style.results}>
      <div className={style.head}>
        <label><input type="checkbox" checked={failures} onChange={() => change({ order: failures ? 'arrival' : undefined })} /> Failures first</label>
        <span className={style.exports}><a href={`/results/${id}/csv`} download>CSV</a><a href={`/results/${id}/yaml`} download>YAML</a></span>
      </div>
      {tests.length === 0 && <p className={style.none}>{ended ? 'The job reported no results.' : 'Results appear here as they arrive.'}</p>}
      {tests.map((suite) => <Suite key={suite.name} id={id} suite={suite} failures={failures} selected={selected?.suite === suite.name ? selected : undefined} alone={tests.length === 1} />)}
    </div>
  );
}

function Suite({ id, suite, failures, selected, alone }: { id: string; suite: SuiteRow; failures: boolean; selected: Selected | undefined; alone: boolean }) {
  const own = suite.name === 'lava';
  const [open, setOpen] = useState(!own || alone);
  const [all, setAll] = useState(false);
  const counts = tally(suite.cases);
  const shown = open || selected !== undefined;
  const ordered = failures ? failuresFirst(suite.cases) : suite.cases;
  const place = selected?.case === undefined ? -1 : ordered.findIndex((c) => c.name === selected.case || String(c.id) === selected.case);
  const few = all || place >= fewRows ? ordered : ordered.slice(0, fewRows);
  const groups = bySet(few);
  return (
    <section className={style.suite} aria-label={`Suite ${suite.name}`}>
      <h3>
        <button type="button" aria-expanded={shown} onClick={() => setOpen(!shown)}>
          <Icon name={shown ? 'down' : 'right'} size={12} /><span className={style.suiteName}>{own ? 'lava' : suite.name}</span>{own && <small>the job’s own steps</small>}
        </button>
        <TallyCounts of={counts} />
      </h3>
      {shown && groups.map((group, i) => (
        <div key={group.set ?? `-${i}`} className={group.set === null ? undefined : style.set}>
          {group.set !== null && <h4><span><small>set</small> {group.set}</span><TallyCounts of={tally(group.cases)} /></h4>}
          <ul>{group.cases.map((c) => <Case key={c.id} id={id} suite={suite.name} row={c} selected={selected?.case === c.name || selected?.case === String(c.id)} />)}</ul>
        </div>
      ))}
      {shown && few.length < ordered.length && <button type="button" className={style.more} onClick={() => setAll(true)}>Show all {count(ordered.length)}</button>}
    </section>
  );
}

const TallyCounts = ({ of: { pass, fail, skip, unknown } }: { of: Tally }) => <Counts of={{ passed: pass, failed: fail, skipped: skip, unknown }} />;

function Case({ id, suite, row, selected }: { id: string; suite: string; row: CaseRow; selected: boolean }) {
  const mark = resultMark[row.result];
  const line = caseLine(row);
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => { if (selected) item.current?.scrollIntoView({ block: 'nearest' }); }, [selected]);
  const range = line === null ? undefined : `L${line}${row.end_log_line !== null && row.end_log_line > line ? `-L${row.end_log_line}` : ''}`;
  return (
    <li ref={item} className={style.case} data-selected={selected || undefined}>
      <Link to="/scheduler/job/$job" params={{ job: id }} search={((old: object) => ({ ...old, suite, case: row.name })) as never} hash={range ?? ''} resetScroll={false} replace hashScrollIntoView={false} title={line === null ? undefined : `Line ${line} of the log`}>
        <span className={style.mark} data-tone={mark.tone}><Icon name={mark.icon} size={13} /><span className="sr-only">{mark.word}</span></span>
        <span className={style.caseName}>{row.name}</span>
        {row.measurement !== null && <span className={style.measurement}>{trimMeasurement(row.measurement)}<small> {row.units === 'seconds' ? 's' : row.units}</small></span>}
      </Link>
      {selected && <Details row={row} />}
    </li>
  );
}

const plain = new Set(['definition', 'case', 'result', 'measurement', 'units', 'set', 'duration', 'namespace', 'level']);

function Details({ row }: { row: CaseRow }) {
  const facts = Object.entries(row.metadata).filter(([key]) => !plain.has(key));
  return (
    <dl className={style.details}>
      <div><dt>Result</dt><dd>{row.result}</dd></div>
      {row.start_log_line !== null && <div><dt>Lines</dt><dd className="num">{row.start_log_line}{row.end_log_line !== null && ` – ${row.end_log_line}`}</dd></div>}
      {facts.map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{typeof value === 'string' ? <Reference text={value} /> : JSON.stringify(value)}</dd></div>)}
    </dl>
  );
}

/** A reference may be a link; anything but http stays text. */
const Reference = ({ text }: { text: string }) => (/^https?:\/\//u.test(text) ? <a href={text} rel="noreferrer noopener">{text}</a> : text);
