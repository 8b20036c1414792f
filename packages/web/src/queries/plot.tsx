import { useState } from 'react';
import { localTime } from '../parts/format.ts';
import { JobLink } from '../parts/links.tsx';
import table from '../parts/table.module.css';
import { label, places, plotOf, valueOf } from './plot-model.ts';
import type { ChartPart, Point, Series } from './query-api.ts';
import plot from './plot.module.css';
import style from './queries.module.css';

const width = 760;
/** Series are told apart by the shape of their marks as well as by their colour. */
const colours = ['var(--live-solid)', 'var(--ok-solid)', 'var(--bad-solid)', 'var(--warn-solid)', 'var(--idle-solid)'];
const shapes = ['M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0', 'M-4,-4h8v8h-8z', 'M0,-5l5,9h-10z', 'M0,-5l5,5l-5,5l-5,-5z', 'M-5,-2h3v-3h4v3h3v4h-3v3h-4v-3h-3z', 'M0,5l5,-9h-10z'];
const mark = (n: number) => ({ d: shapes[n % shapes.length], fill: colours[n % colours.length] });
const number = (value: number) => String(Number(value.toPrecision(6)));

/** Series as lines or bars and, as everybody can read it, as a table. */
export function PlotAndTable({ series, part }: { series: readonly Series[]; part: ChartPart }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [delta, setDelta] = useState(false);
  const drawn = (delta ? series.map((s) => differences(s, part)) : series).filter((s) => !hidden.has(s.name));
  const how = delta ? { ...part, is_percentage: false } : part;
  if (series.length === 0) return <p className="quiet">There is nothing to draw yet.</p>;
  const toggle = (name: string) => setHidden(hidden.has(name) ? new Set([...hidden].filter((n) => n !== name)) : new Set([...hidden, name]));
  return (
    <>
      {part.visibility !== 'table' && (
        <>
          <div className={style.scroll} tabIndex={0} role="group" aria-label="Plot"><Drawing series={drawn} all={series} part={how} /></div>
          <div className={plot.legend}>
            {series.map((s, n) => (
              <button key={s.name} type="button" className={plot.key} aria-pressed={!hidden.has(s.name)} onClick={() => toggle(s.name)}>
                <svg width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true"><path {...mark(n)} /></svg>{s.name}<span className="quiet">{range(s, part)}</span>
              </button>
            ))}
            <label className={style.tick}><input type="checkbox" checked={delta} onChange={(e) => setDelta(e.currentTarget.checked)} />differences</label>
          </div>
        </>
      )}
      {part.visibility === 'chart' ? <details><summary>As a table</summary><Numbers series={series} part={part} /></details> : <Numbers series={series} part={part} />}
    </>
  );
}

function Drawing({ series, all, part }: { series: readonly Series[]; all: readonly Series[]; part: ChartPart }) {
  const [left, right, below, above] = [56, 16, 26, 10];
  const inner = { width: width - left - right, height: part.height - below - above };
  const shown = plotOf(series, part, inner.width, inner.height);
  const zero = shown.yTicks.find((t) => Number(t.text) === 0)?.at ?? inner.height;
  const bar = Math.max(1.5, Math.min(14, inner.width / Math.max(1, places(series).length) / (series.length + 1)));
  return (
    <svg className={plot.plot} viewBox={`0 0 ${width} ${part.height}`} role="img" aria-label={`${part.type} of ${series.map((s) => s.name).join(', ')}; the numbers are in the table below`}>
      <g transform={`translate(${left} ${above})`}>
        {shown.yTicks.map((t) => <g key={t.text}><line className={plot.grid} x1="0" x2={inner.width} y1={t.at} y2={t.at} /><text x="-8" y={t.at + 4} textAnchor="end">{t.text}</text></g>)}
        {shown.xTicks.map((t) => <text key={t.at} x={t.at} y={inner.height + 18} textAnchor="middle">{t.text}</text>)}
        {shown.goal !== undefined && <line className={plot.goal} x1="0" x2={inner.width} y1={shown.goal} y2={shown.goal}><title>{`goal ${part.target_goal}`}</title></line>}
        {shown.series.map((s, n) => {
          const look = mark(all.findIndex((of) => of.name === s.name));
          const dots = s.dots.filter((d) => d !== undefined);
          return (
            <g key={s.name}>
              {part.representation === 'lines' && <polyline fill="none" stroke={look.fill} strokeWidth="1.5" points={dots.map((d) => `${d.x},${d.y}`).join(' ')} />}
              {dots.map((d, i) => {
                const title = <title>{`${s.name}: ${number(d.value)}, job ${d.point.job}, ${localTime(d.point.date)}`}</title>;
                return part.representation === 'lines' ? <path key={i} {...look} transform={`translate(${d.x} ${d.y})`}>{title}</path>
                  : <rect key={i} fill={look.fill} x={d.x + (n - series.length / 2) * bar} width={bar} y={Math.min(d.y, zero)} height={Math.max(1, Math.abs(zero - d.y))}>{title}</rect>;
              })}
            </g>
          );
        })}
      </g>
    </svg>
  );
}

function Numbers({ series, part }: { series: readonly Series[]; part: ChartPart }) {
  const rows = series.flatMap((s) => s.points.map((point) => ({ name: s.name, point }))).toSorted((a, b) => (a.point.date < b.point.date ? 1 : -1));
  return (
    <table className={table.table} aria-label="Numbers of the chart">
      <thead><tr><th scope="col">Series</th><th scope="col">{part.x_attribute ?? 'Date'}</th><th scope="col">Value</th><th scope="col">Passed</th><th scope="col">Job</th></tr></thead>
      <tbody>
        {rows.slice(0, 500).map(({ name, point }, n) => (
          <tr key={n}>
            <td className={`${table.main} ${table.wide}`}>{name}</td><td data-label={part.x_attribute ?? 'Date'}>{point.x === point.date ? localTime(point.date) : label(point.x)}</td>
            <td data-label="Value" className="num">{shownValue(point, part)}</td><td data-label="Passed">{point.pass ? 'yes' : 'no'}</td><td data-label="Job"><JobLink id={point.job} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function shownValue(point: Point, part: ChartPart): string {
  const value = valueOf(point, part);
  if (part.type !== 'pass/fail' || point.counts === undefined) return value === undefined ? '' : number(value);
  const { passed, failed, skipped, unknown } = point.counts;
  return `${passed} of ${passed + failed + skipped + unknown}${part.is_percentage && value !== undefined ? ` (${number(value)} %)` : ''}`;
}

/** Least, greatest and mean. */
function range(series: Series, part: ChartPart): string {
  const values = series.points.map((p) => valueOf(p, part)).filter((v) => v !== undefined);
  if (values.length === 0) return '';
  return ` ${number(Math.min(...values))} to ${number(Math.max(...values))}, mean ${number(values.reduce((a, b) => a + b, 0) / values.length)}`;
}

/** What each point differs from the one before it; the first by nothing. */
function differences(series: Series, part: ChartPart): Series {
  let before: number | undefined;
  return {
    ...series, points: series.points.map((point) => {
      const value = valueOf(point, part);
      const changed = value === undefined ? null : value - (before ?? value);
      before = value ?? before;
      return { ...point, value: changed };
    }),
  };
}
