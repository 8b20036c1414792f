import { Link } from '@tanstack/react-router';
import type { DeviceType } from '../api/types.ts';
import { StateMark } from '../parts/state-mark.tsx';
import { healthMark, stateMark } from '../parts/state.ts';
import style from './device-counts.module.css';

/** Devices of a type by what they do and how they are; each number leads to them. */
export function DeviceCounts({ of: { name, states, healths } }: { of: DeviceType }) {
  const rows = [['state', states, stateMark], ['health', healths, healthMark]] as const;
  return rows.map(([key, counts, mark]) => (
    <ul key={key} className={style.counts} aria-label={`Devices by ${key}`}>
      {Object.entries(counts).map(([word, n]) => (
        <li key={word}><Link to="/scheduler/alldevices" search={{ type: name, [key]: word } as never}><span className={style.number}>{n}</span> <StateMark mark={mark(word)} plain /></Link></li>
      ))}
      {Object.keys(counts).length === 0 && <li className="quiet">none</li>}
    </ul>
  ));
}
