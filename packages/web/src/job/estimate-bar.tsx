import type { Job } from '../api/types.ts';
import { duration } from '../parts/format.ts';
import style from './estimate-bar.module.css';

/** The spread of an estimate on a line from now on: mostly inside of the band, half the time before the mark. */
export function EstimateBar({ estimate: { soonest, likely, latest } }: { estimate: NonNullable<NonNullable<Job['waiting']>['estimate']> }) {
  const end = latest * 1.1;
  const at = (seconds: number) => `${(seconds / end) * 100}%`;
  return (
    <div className={style.line} role="img" aria-label={`Mostly between ${duration(soonest)} and ${duration(latest)} from now, half the time before ${duration(likely)}`}>
      <span className={style.band} style={{ left: at(soonest), right: `calc(100% - ${at(latest)})` }} />
      <span className={style.likely} style={{ left: at(likely) }} />
      <span className={style.from}>now</span>
      <span className={style.soonest} style={{ left: at(soonest) }}>{soonest > latest * 0.15 ? duration(soonest) : ''}</span>
      <span className={style.to} style={{ right: `calc(100% - ${at(latest)})` }}>{duration(latest)}</span>
    </div>
  );
}
