import { valuesByPath } from '../src/compare.ts';
import { corrected, differences, type Difference } from './differences.ts';

interface Timeout { readonly days?: unknown; readonly hours?: unknown; readonly minutes?: unknown; readonly seconds?: unknown }

/** A path at which two configurations of a device type differ although no difference that is meant says so. */
interface Unexplained { readonly type: string; readonly dictionary: string; readonly path: string; readonly own: unknown; readonly theirs: unknown }

const used = new Set<Difference>();

/** Differences that are listed but were met nowhere. */
export const unusedDifferences = (): string[] => differences.filter((one) => !used.has(one)).map((one) => one.reason);

/** Compares two device configurations key by key; the order of a virtual machine's options means nothing. */
export function unexplained(type: string, dictionary: string, own: unknown, theirs: unknown): Unexplained[] {
  const [a, b] = [valuesByPath(inSeconds(own)), valuesByPath(inSeconds(theirs))];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((path) => {
    const [x, y] = [corrected(path, a.get(path)), corrected(path, b.get(path))];
    if (a.has(path) === b.has(path) && JSON.stringify(x) === JSON.stringify(y)) return [];
    if (path.endsWith('/options') && Array.isArray(x) && Array.isArray(y) && [...x].sort().join('\n') === [...y].sort().join('\n')) return [];
    const meant = differences.filter((one) => one.path.test(path) && (one.types?.test(type) ?? true) && (one.dictionaries?.test(dictionary) ?? true) && (one.explains?.(x, y) ?? true));
    for (const one of meant) used.add(one);
    return meant.length ? [] : [{ type, dictionary, path, own: x, theirs: y }];
  });
}

/** The configuration with its timeouts in seconds, whatever units they are written in. */
function inSeconds(configuration: unknown): unknown {
  const { timeouts, ...others } = configuration as { timeouts?: Record<string, Record<string, Timeout> | null> };
  const converted = Object.entries(timeouts ?? {}).map(([kind, each]) => [kind, Object.fromEntries(Object.entries(each ?? {}).map(([name, timeout]) => [name, secondsOf(timeout)]))]);
  return { ...others, timeouts: Object.fromEntries(converted) as unknown };
}

const secondsOf = ({ days = 0, hours = 0, minutes = 0, seconds = 0 }: Timeout): number => ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
