import { ActionIcon } from '@mantine/core';
import { count, plural } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { useTyped } from '../parts/use-typed.ts';
import { levelGroups, type LevelGroup, lowerBound } from './line-filter.ts';
import type { TimeMode } from './log-row.tsx';
import style from './log-toolbar.module.css';
import type { Matches } from './use-matches.ts';

const timeNames: Record<TimeMode, string> = { relative: 'since the start', absolute: 'of the day', delta: 'since the line before', off: 'not shown' };

interface ToolbarProps {
  id: string;
  query: string; matches: Matches; at: number | undefined; onQuery: (query: string | undefined) => void; onStep: (by: 1 | -1) => void;
  hidden: ReadonlySet<LevelGroup>; onHidden: (hidden: ReadonlySet<LevelGroup>) => void;
  time: TimeMode; onTime: () => void; wrap: boolean; onWrap: () => void;
}

export function LogToolbar({ id, query, matches, at, onQuery, onStep, hidden, onHidden, time, onTime, wrap, onWrap }: ToolbarProps) {
  return (
    <div className={style.bar} role="toolbar" aria-label="Log tools">
      <SearchBox query={query} matches={matches} at={at} onQuery={onQuery} onStep={onStep} />
      <div className={style.levels} role="group" aria-label="Levels">
        {levelGroups.map(({ key, label, title }) => (
          <button key={key} type="button" aria-pressed={!hidden.has(key)} title={`${title}: ${hidden.has(key) ? 'hidden' : 'shown'}`}
            onClick={() => onHidden(hidden.has(key) ? new Set([...hidden].filter((k) => k !== key)) : new Set([...hidden, key]))}>{label}</button>
        ))}
      </div>
      <div className={style.tools}>
        <ActionIcon aria-label={`Time: ${timeNames[time]}. Change`} title={`Time ${timeNames[time]} (t)`} onClick={onTime}><Icon name="clock" /></ActionIcon>
        <ActionIcon aria-label="Wrap long lines" aria-pressed={wrap} title="Wrap long lines (w)" className={wrap ? style.on : undefined} onClick={onWrap}><Icon name="wrap" /></ActionIcon>
        <ActionIcon component="a" href={`/scheduler/job/${id}/log_file/plain`} download aria-label="Download the log" title="Download the log"><Icon name="download" /></ActionIcon>
      </div>
    </div>
  );
}

type SearchProps = Pick<ToolbarProps, 'query' | 'matches' | 'at' | 'onQuery' | 'onStep'>;

/** Searches the whole log on the server; Enter goes to the next match. */
function SearchBox({ query, matches, at, onQuery, onStep }: SearchProps) {
  const [text, setText, send] = useTyped(query, onQuery, 300);
  const place = at === undefined ? 0 : lowerBound(matches.lines, at) + 1;
  const many = matches.total > matches.lines.length;
  return (
    <div className={style.search}>
      <Icon name="search" size={14} />
      <input type="search" aria-label="Search the log" placeholder="Search the log   /" value={text} onChange={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape') { e.currentTarget.blur(); setText(''); }
          if (e.key === 'Enter') { if (text === query) onStep(e.shiftKey ? -1 : 1); else send(); }
        }} />
      {matches.state !== 'none' && (
        <>
          <span className={style.found} role="status" title={many ? `The first ${count(matches.lines.length)} of ${plural(matches.total, 'match', 'matches')} are reached` : undefined}>
            {matches.state === 'searching' ? '…' : matches.state === 'failed' ? 'failed' : matches.total === 0 ? 'none' : place > 0 ? `${count(place)} / ${count(matches.total)}` : count(matches.total)}
          </span>
          <button type="button" aria-label="Previous match" disabled={matches.lines.length === 0} onClick={() => onStep(-1)}><Icon name="up" size={14} /></button>
          <button type="button" aria-label="Next match" disabled={matches.lines.length === 0} onClick={() => onStep(1)}><Icon name="down" size={14} /></button>
        </>
      )}
    </div>
  );
}
