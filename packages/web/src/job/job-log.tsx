import { useLocation, useNavigate } from '@tanstack/react-router';
import { type MouseEvent, type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import type { Job } from '../api/types.ts';
import { useAddress } from '../parts/address.ts';
import { useKeys } from '../parts/keyboard.ts';
import { levelGroups, type LevelGroup, lowerBound, parseHidden } from '../log/line-filter.ts';
import { extendLines, formatLines, type LineRange, parseLines } from '../log/log-address.ts';
import type { TimeMode } from '../log/log-row.tsx';
import type { LogSource } from '../log/log-source.ts';
import { LogToolbar } from '../log/log-toolbar.tsx';
import { type LogHandle, type LogPlace, LogView } from '../log/log-view.tsx';
import { useMatches } from '../log/use-matches.ts';
import { jobEnded } from '../parts/state.ts';
import style from './job-log.module.css';

const times: readonly TimeMode[] = ['relative', 'absolute', 'delta', 'off'];

/** The log with its tools; search, hidden levels, times, wrapping and marked lines are in the address. */
export function JobLog({ job, source, failure, ref }: { job: Job; source: LogSource; failure: number | undefined; ref: Ref<LogHandle> }) {
  const id = String(job.id);
  const [search, change] = useAddress();
  const navigate = useNavigate();
  const fragment = useLocation({ select: (l) => l.hash });
  const marked = useMemo(() => parseLines(fragment), [fragment]);
  const running = !jobEnded(job);
  const query = search.q ?? '';
  const hide = search.hide ?? '';
  const hidden = useMemo(() => parseHidden(hide), [hide]);
  const narrow = useMemo(() => matchMedia('(max-width: 640px)').matches, []);
  const time = times.find((t) => t === search.time) ?? (narrow ? 'off' : 'relative');
  const wrap = search.wrap === undefined ? narrow : search.wrap === '1';
  const view = useRef<LogHandle>(null);
  const place = useRef<LogPlace>({ line: marked?.first ?? failure ?? 0, follow: marked === undefined && failure === undefined && running });
  useImperativeHandle(ref, () => ({ show: (line) => view.current?.show(line), toEnd: () => view.current?.toEnd() }));

  useEffect(() => source.hide(hidden), [source, hidden]);

  // An address with a line brings it into view, also when it changes later; a click on a number has it in view already.
  const clicked = useRef<string>(undefined);
  useEffect(() => {
    if (marked !== undefined && clicked.current !== fragment) view.current?.show(marked.first);
    clicked.current = undefined;
  }, [marked, fragment]);

  // The line of the failure is known a moment later than the job.
  const shown = useRef(marked !== undefined);
  useEffect(() => {
    if (failure === undefined || shown.current) return;
    shown.current = true;
    view.current?.show(failure);
  }, [failure]);

  const mark = (range: LineRange) => {
    clicked.current = formatLines(range);
    void navigate({ to: '.', search: true as never, hash: clicked.current, replace: true, resetScroll: false, hashScrollIntoView: false });
  };
  const onNumber = useStable((event: MouseEvent, line: number) => {
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    mark(event.shiftKey ? extendLines(marked, line) : { first: line, last: line });
  });

  const matches = useMatches(id, query, source);
  const [at, setAt] = useState<number>();
  const step = (by: 1 | -1) => {
    const { lines } = matches;
    if (lines.length === 0) return;
    const from = at ?? place.current.line;
    const index = by > 0 ? lowerBound(lines, at === undefined ? from : from + 1) : lowerBound(lines, from) - 1;
    const line = lines[(index + lines.length) % lines.length] ?? 0;
    setAt(line);
    view.current?.show(line);
  };
  useEffect(() => { setAt(undefined); }, [query]);
  // The first match comes into view by itself, but a line that the address names goes first.
  const first = useRef(marked === undefined ? '' : query);
  useEffect(() => {
    if (query === first.current || matches.state !== 'done') return;
    first.current = query;
    if (query !== '') step(1);
  });

  const nextTime = () => change({ time: times[(times.indexOf(time) + 1) % times.length] });
  const toggleWrap = () => change({ wrap: wrap ? '0' : '1' });
  useKeys({ n: () => step(1), N: () => step(-1), f: () => view.current?.toEnd(), w: toggleWrap, t: nextTime });

  return (
    <section className={style.log} aria-label="Log">
      <LogToolbar id={id} query={query} matches={matches} at={at} onQuery={(q) => change({ q })} onStep={step}
        hidden={hidden} onHidden={(next) => change({ hide: joinHidden(next) })} time={time} onTime={nextTime} wrap={wrap} onWrap={toggleWrap} />
      <LogView key={`${hide} ${wrap}`} ref={view} source={source} job={id} running={running} start={Date.parse(job.start_time ?? '')} time={time} wrap={wrap} query={query}
        marked={marked} current={at} place={place} onNumber={onNumber} />
    </section>
  );
}

const joinHidden = (hidden: ReadonlySet<LevelGroup>) => {
  const words = levelGroups.map((g) => g.key).filter((key) => hidden.has(key)).join(',');
  return words === '' ? undefined : words;
};

/** A function that stays the same while what it does changes, for rows that are not to be drawn again. */
function useStable<A extends unknown[]>(run: (...args: A) => void): (...args: A) => void {
  const latest = useRef(run);
  useEffect(() => { latest.current = run; });
  return useMemo(() => (...args: A) => latest.current(...args), []);
}
