import type { ReactNode } from 'react';
import type { WorkerStatus } from '../api/types.ts';
import { gibibytes } from '../parts/format.ts';
import { Ago } from '../parts/time.tsx';

/** A few words for what a worker warns of, where there is no room for the sentence. */
const words: Readonly<Record<string, string>> = { 'worker-disk': 'disk nearly full', 'worker-clock': 'clock off' };
export const warningWords = (status: WorkerStatus | null): string => (status?.warnings ?? []).map(({ code }) => words[code] ?? code).join(', ');

/** How a worker is, as it said last. */
export function statusFacts({ disk, cache, load, at, clock_ahead: ahead }: WorkerStatus): [string, ReactNode][] {
  const uses = cache.hits + cache.misses;
  return [
    ['Disk', <span key="d" className="num">{gibibytes(disk.free)} of {gibibytes(disk.total)} free</span>],
    ['Downloads', <span key="c" className="num">{uses === 0 ? 'none since it started' : `${cache.hits} of ${uses} from the cache`}{cache.total !== disk.total && `, ${gibibytes(cache.free)} free`}</span>],
    ['Load', <span key="l" className="num">{load.toFixed(2)}</span>],
    ...(ahead === null ? [] : [['Clock', <span key="k" className="num">{Math.abs(ahead) < 1000 ? 'right' : `${(Math.abs(ahead) / 1000).toFixed(0)} s ${ahead > 0 ? 'ahead' : 'behind'}`}</span>] as [string, ReactNode]]),
    ['As of', <Ago key="a" time={at} />],
  ];
}
