import { useVirtualizer } from '@tanstack/react-virtual';
import { type MouseEvent, type Ref, useImperativeHandle, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import { count as digits } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { type Follow, followAfterScroll } from './follow.ts';
import { lowerBound } from './line-filter.ts';
import type { LineRange } from './log-address.ts';
import { LogRow, type TimeMode } from './log-row.tsx';
import type { LogSource } from './log-source.ts';
import { chunkSize, type Range } from './log-window.ts';
import style from './log-view.module.css';

/** Height of a line in pixels (log-view.module.css): a million of them fit below every browser's limit. */
const lineHeight = 17;
/** Lines a block; blocks are what is measured and placed, so that a million lines are twenty thousand things. */
const blockLines = 50;
/** Milliseconds for which a scroll counts as made by hand. */
const handTime = 2000;

export interface LogHandle {
  /** Brings a line into view, a third down from the top. */
  show(line: number): void;
  toEnd(): void;
}

export interface LogPlace { line: number; follow: boolean }

interface ViewProps {
  source: LogSource; job: string; running: boolean; start: number; time: TimeMode; wrap: boolean; query: string;
  marked: LineRange | undefined; current: number | undefined;
  /** Where the view was and is: survives a change of filter or wrapping, which begin a new view. */
  place: { current: LogPlace };
  onNumber: (event: MouseEvent, line: number) => void;
  ref: Ref<LogHandle>;
}

/** The log itself: as many lines as there are, of which only what is looked at is fetched and drawn. */
export function LogView({ source, job, running, start, time, wrap, query, marked, current, place, onNumber, ref }: ViewProps) {
  useSyncExternalStore(source.subscribe, source.version);
  const scroller = useRef<HTMLDivElement>(null);
  const follow = useRef<Follow>({ on: place.current.follow, top: 0 });
  const [following, setFollowing] = useState(place.current.follow);
  /** When the reader last scrolled by wheel, finger, pointer or key. */
  const touched = useRef(-Infinity);
  /** The line that is to come into view, until it is there. */
  const pending = useRef<number | undefined>(place.current.follow ? undefined : place.current.line);

  const { total } = source.window;
  const { lines } = source;
  const count = lines?.length ?? total;
  const numberAt = (place: number) => (lines === undefined ? place : lines[place] ?? total);
  const blocks = Math.ceil(count / blockLines);
  const virtualizer = useVirtualizer({
    count: blocks,
    getScrollElement: () => scroller.current,
    estimateSize: (block) => Math.min(blockLines, count - block * blockLines) * lineHeight,
    overscan: 1,
  });
  const items = virtualizer.getVirtualItems();
  const first = (items[0]?.index ?? 0) * blockLines;
  const last = Math.min(count, ((items.at(-1)?.index ?? -1) + 1) * blockLines);

  useLayoutEffect(() => { source.want(wantedRanges(first, last, lines)); });

  const setFollow = (next: Follow) => {
    follow.current = next;
    place.current.follow = next.on;
    setFollowing(next.on);
  };

  // After every drawing: stay at the end, or go on towards the line that was asked for.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    if (follow.current.on) box.scrollTop = box.scrollHeight;
    else if (pending.current !== undefined && count > 0 && settle(box, pending.current)) pending.current = undefined;
  });

  /** Moves nearer to a line; true when it is there to stay. */
  function settle(box: HTMLElement, line: number): boolean {
    const at = Math.min(count - 1, lines === undefined ? line : lowerBound(lines, line));
    const row = box.querySelector(`[data-n="${numberAt(at)}"]`);
    const third = box.clientWidth < 600 ? 68 : box.clientHeight / 3;
    const before = box.scrollTop;
    if (row === null) {
      const block = Math.floor(at / blockLines);
      box.scrollTop = (virtualizer.getOffsetForIndex(block, 'start')?.[0] ?? 0) + (at % blockLines) * lineHeight - third;
      return false;
    }
    box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - third;
    return Math.abs(box.scrollTop - before) < 2 && source.window.get(numberAt(at)) !== undefined && (lines === undefined || source.scanned === 1 || (lines.at(-1) ?? 0) >= line);
  }

  const [, redraw] = useState(0);
  const toEnd = () => {
    pending.current = undefined;
    setFollow({ on: true, top: scroller.current?.scrollTop ?? 0 });
    redraw((n) => n + 1);
  };
  useImperativeHandle(ref, () => ({
    show(line) {
      setFollow({ on: false, top: scroller.current?.scrollTop ?? 0 });
      pending.current = line;
      redraw((n) => n + 1);
    },
    toEnd,
  }));

  const scrolled = () => {
    const box = scroller.current;
    if (box === null) return;
    if (pending.current === undefined) {
      const next = followAfterScroll(follow.current, { top: box.scrollTop, height: box.scrollHeight, view: box.clientHeight }, performance.now() - touched.current < handTime);
      if (next.on !== follow.current.on) setFollow(next); else follow.current = next;
    }
    const item = virtualizer.getVirtualItemForOffset(box.scrollTop + box.clientHeight / 3);
    if (item !== undefined) place.current.line = numberAt(Math.min(count - 1, item.index * blockLines + Math.floor((box.scrollTop + box.clientHeight / 3 - item.start) / lineHeight)));
  };
  const byHand = () => {
    pending.current = undefined;
    touched.current = performance.now();
  };

  return (
    <div className={style.frame}>
      <div ref={scroller} className={style.scroller} role="log" aria-label={`Log of job ${job}`} aria-live="off" tabIndex={0} data-wrap={wrap || undefined}
        style={{ '--digits': Math.max(3, String(Math.max(0, total - 1)).length) } as React.CSSProperties}
        onScroll={scrolled} onWheel={byHand} onTouchMove={byHand} onPointerDown={byHand} onKeyDown={byHand}>
        <div className={style.all} style={{ height: virtualizer.getTotalSize() }}>
          {count === 0 && <p className={style.none}>{total === 0 ? (running ? 'The log appears when the job starts.' : 'This job left no log.') : source.scanned < 1 ? '' : 'All lines are of hidden levels.'}</p>}
          {items.map((item) => (
            <div key={item.key} ref={virtualizer.measureElement} data-index={item.index} className={style.block} style={{ transform: `translateY(${item.start}px)` }}>
              {Array.from({ length: Math.min(blockLines, count - item.index * blockLines) }, (_, i) => {
                const n = numberAt(item.index * blockLines + i);
                return (
                  <LogRow key={n} n={n} record={source.window.get(n)} before={time === 'delta' ? source.window.get(n - 1) : undefined} start={start} time={time} query={query} job={job}
                    marked={marked !== undefined && n >= marked.first && n <= marked.last} current={n === current} onNumber={onNumber} />
                );
              })}
            </div>
          ))}
        </div>
      </div>
      <div className={style.foot}>
        <span role="status">{source.error !== undefined ? 'Some lines could not be read; scrolling tries again.' : source.scanned < 1 ? `Reading levels: ${Math.floor(source.scanned * 100)} %` : lines !== undefined ? `${digits(count)} of ${digits(total)} lines` : `${digits(total)} lines`}</span>
        {running && following && count > 0 && <span className={style.following}><Icon name="live" size={12} />Following</span>}
      </div>
      {!following && count * lineHeight > 400 && (
        <button type="button" className={style.end} onClick={toEnd}><Icon name="end" size={14} />Jump to end</button>
      )}
    </div>
  );
}

/** The records behind a stretch of lines: one range, or with a filter one for each chunk that has some. */
function wantedRanges(first: number, last: number, lines: readonly number[] | undefined): Range[] {
  if (lines === undefined) return [{ start: first, end: last }];
  const ranges: Range[] = [];
  for (const n of lines.slice(first, last)) {
    const start = n - (n % chunkSize);
    if (ranges.at(-1)?.start !== start) ranges.push({ start, end: start + chunkSize });
  }
  return ranges;
}
