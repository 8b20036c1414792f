import { useSyncExternalStore } from 'react';
import { ago, duration, localTime, ticking } from './format.ts';

/** One clock for all that ticks on the page; it stands still while nobody looks. */
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const run of listeners) run();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) { clearInterval(timer); timer = undefined; }
  };
}

/** Milliseconds since 1970, new every second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

/** How long ago, with the exact time on demand. */
export function Ago({ time }: { time: string | null }) {
  const at = useNow();
  if (time === null) return <span className="quiet">–</span>;
  return <time dateTime={time} title={localTime(time)} className="num">{ago(time, at)}</time>;
}

/** From one time to another; ticks while the end is open. */
export function Span({ from, to }: { from: string | null; to: string | null }) {
  const at = useNow();
  if (from === null) return <span className="quiet">–</span>;
  return to === null
    ? <span className="num">{ticking((at - Date.parse(from)) / 1000)}</span>
    : <span className="num">{duration((Date.parse(to) - Date.parse(from)) / 1000)}</span>;
}
