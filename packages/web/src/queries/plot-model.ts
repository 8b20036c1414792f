import type { ChartPart, Point, Series } from './query-api.ts';

/** A plot as it is drawn, in units of its own: x from 0 to `width`, y from 0 (above) to `height`. */
export interface Plot {
  readonly series: readonly { readonly name: string; readonly dots: readonly (Dot | undefined)[] }[];
  /** Labels of the axes with where they stand. */
  readonly xTicks: readonly { readonly at: number; readonly text: string }[];
  readonly yTicks: readonly { readonly at: number; readonly text: string }[];
  readonly goal: number | undefined;
}
interface Dot { readonly x: number; readonly y: number; readonly value: number; readonly point: Point }

/** The number of a point that is drawn; undefined for none. */
export function valueOf({ value, counts }: Point, { type, is_percentage }: Pick<ChartPart, 'type' | 'is_percentage'>): number | undefined {
  if (type === 'pass/fail' && is_percentage && counts !== undefined) {
    const total = counts.passed + counts.failed + counts.skipped + counts.unknown;
    return total === 0 ? undefined : (counts.passed / total) * 100;
  }
  return value ?? undefined;
}

/** What stands on the x axis, each once, in order: numbers by size where all are numbers, else as they come in time. */
export function places(series: readonly Series[]): string[] {
  const all = series.flatMap((s) => s.points).sort((a, b) => (a.date < b.date ? -1 : 1));
  const found = [...new Set(all.map((p) => p.x))];
  return found.every((x) => x.trim() !== '' && Number.isFinite(Number(x))) ? found.sort((a, b) => Number(a) - Number(b)) : found;
}

export function plotOf(series: readonly Series[], part: Pick<ChartPart, 'type' | 'is_percentage' | 'target_goal'>, width: number, height: number): Plot {
  const xs = places(series);
  const values = series.flatMap((s) => s.points.map((p) => valueOf(p, part))).filter((v) => v !== undefined);
  const goal = part.target_goal ?? undefined;
  const [low, high] = [Math.min(0, ...values, goal ?? 0), Math.max(part.is_percentage && part.type === 'pass/fail' ? 100 : 0, ...values, goal ?? 0)];
  const steps = ticks(low, high);
  const [bottom, top] = [steps[0]!, steps.at(-1)!];
  const x = (place: string) => (xs.length === 1 ? width / 2 : (xs.indexOf(place) / (xs.length - 1)) * width);
  const y = (value: number) => height - ((value - bottom) / (top - bottom)) * height;
  const each = Math.max(1, Math.ceil(xs.length / 6));
  return {
    series: series.map((s) => ({ name: s.name, dots: s.points.map((point) => { const value = valueOf(point, part); return value === undefined ? undefined : { x: x(point.x), y: y(value), value, point }; }) })),
    xTicks: xs.flatMap((place, n) => (n % each === 0 ? [{ at: x(place), text: label(place) }] : [])),
    yTicks: steps.map((value) => ({ at: y(value), text: String(Number(value.toPrecision(6))) })),
    goal: goal === undefined ? undefined : y(goal),
  };
}

/** A time as its day, other values as they are. */
export const label = (place: string) => (/^\d{4}-\d\d-\d\dT/u.test(place) ? place.slice(0, 10) : place.slice(0, 14));

/** Round numbers from below `low` to above `high`, about five. */
export function ticks(low: number, high: number): number[] {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => span / s <= 5)!;
  const first = Math.floor(low / step);
  return Array.from({ length: Math.max(2, Math.ceil(high / step) - first + 1) }, (_, n) => (first + n) * step);
}
