import { Link } from '@tanstack/react-router';
import { type CSSProperties, memo, type MouseEvent, type ReactNode, useState } from 'react';
import type { LogRecord } from '../api/types.ts';
import { clockTime, localTime } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { resultMark } from '../parts/state.ts';
import { type AnsiPiece, type AnsiStyle, parseAnsi } from './ansi.ts';
import style from './log-row.module.css';
import { messageText, resultDetails, resultOf } from './message.ts';

export type TimeMode = 'relative' | 'absolute' | 'delta' | 'off';

/** Longer messages are cut until asked for: nobody reads them at once, and they cost the most. */
const longest = 3000;

/** A letter in the gutter for levels whose text alone does not say what it is. */
const letters: Record<string, string> = { debug: 'D', info: 'I', warning: 'W', error: 'E', exception: 'X', input: '›', feedback: 'F', event: 'V', results: 'R' };

interface RowProps {
  n: number; record: LogRecord | undefined; before: LogRecord | undefined; start: number;
  time: TimeMode; query: string; marked: boolean; current: boolean; job: string;
  onNumber: (event: MouseEvent, n: number) => void;
}

/** One record of the log. Its number is its address. */
export const LogRow = memo(function LogRow({ n, record, before, start, time, query, marked, current, job, onNumber }: RowProps) {
  const level = record?.lvl ?? '';
  return (
    <div className={style.row} data-n={n} data-level={level} data-marked={marked || undefined} data-current={current || undefined}>
      <a className={style.number} href={`#L${n}`} tabIndex={-1} onClick={(e) => onNumber(e, n)}>{n}</a>
      {time !== 'off' && <time className={style.time} data-mode={time} title={record && localTime(record.dt)}>{record && timeText(record, before, start, time)}</time>}
      <span className={style.level} title={level}>{letters[level] ?? ''}</span>
      <span className={style.text}>{record === undefined ? '' : <Message n={n} record={record} query={query} job={job} />}</span>
    </div>
  );
});

function timeText(record: LogRecord, before: LogRecord | undefined, start: number, mode: TimeMode): string {
  if (mode === 'absolute') return clockTime(record.dt);
  const at = Date.parse(record.dt);
  if (mode === 'relative') return Number.isNaN(start) ? clockTime(record.dt) : ((at - start) / 1000).toFixed(3);
  return before === undefined ? '' : `+${((at - Date.parse(before.dt)) / 1000).toFixed(3)}`;
}

function Message({ n, record, query, job }: { n: number; record: LogRecord; query: string; job: string }) {
  const [whole, setWhole] = useState(false);
  const result = resultOf(record);
  if (result !== undefined) {
    const mark = resultMark[result.result as 'pass'] ?? resultMark.unknown;
    return (
      <Link className={style.result} data-tone={mark.tone} to="/scheduler/job/$job" params={{ job }} hash={`L${n}`} resetScroll={false} replace hashScrollIntoView={false}
        search={((old: object) => ({ ...old, pane: undefined, suite: result.definition, case: result.case })) as never}>
        <span className={style.word}><Icon name={mark.icon} size={11} />{result.result}</span>
        {withMatches(`${result.definition} / ${result.case}`, query)} <span className={style.details}>{resultDetails(result)}</span>
      </Link>
    );
  }
  const text = messageText(record.msg);
  const cut = !whole && text.length > longest;
  return (
    <>
      {pieces(cut ? text.slice(0, longest) : text, record.lvl, query)}
      {cut && <button type="button" className={style.more} onClick={() => setWhole(true)}>… {text.length - longest} more characters</button>}
    </>
  );
}

function pieces(text: string, level: string, query: string): ReactNode {
  // Only consoles and what echoes them carry colours; the rest of a traceback's lines are kept apart by line feeds.
  const parsed = level === 'target' || level === 'feedback' ? parseAnsi(text, { bare: true }) : undefined;
  if (parsed === undefined || parsed.every((p) => Object.keys(p.style).length === 0)) return withMatches(parsed === undefined ? text : parsed.map((p) => p.text).join(''), query);
  return parsed.map((piece, i) => <span key={i} className={classes(piece)} style={colors(piece.style)}>{withMatches(piece.text, query)}</span>);
}

function classes({ style: s }: AnsiPiece): string {
  return [s.bold && style.bold, s.dim && style.dim, s.italic && style.italic, s.underline && style.underline, s.strike && style.strike].filter(Boolean).join(' ');
}

const palette = (color: number | string | undefined) => (typeof color === 'number' ? `var(--ansi-${color})` : color);
/** Colours that a program chose for its own ground become as light or dark as this one needs to be read. */
const readable = (color: number | string | undefined) => (typeof color === 'string' ? `oklch(from ${color} clamp(var(--ansi-darkest), l, var(--ansi-lightest)) c h)` : palette(color));

/** Colours of a piece; reverse video exchanges them. */
function colors(s: AnsiStyle): CSSProperties {
  const bg = palette(s.bg);
  const fg = bg === undefined && !s.inverse ? readable(s.fg) : palette(s.fg);
  if (s.inverse) return { color: bg ?? 'var(--panel)', background: fg ?? 'var(--text)' };
  return { ...(fg !== undefined && { color: fg }), ...(bg !== undefined && { background: bg, ...(fg === undefined && { color: 'var(--ansi-on-color)' }) }) };
}

/** Marks where the text has what is searched for, without regard to case. */
function withMatches(text: string, query: string): ReactNode {
  if (query === '') return text;
  const lower = text.toLowerCase();
  const wanted = query.toLowerCase();
  const parts: ReactNode[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    if (at > from) parts.push(text.slice(from, at));
    parts.push(<mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  if (parts.length === 0) return text;
  parts.push(text.slice(from));
  return parts;
}
