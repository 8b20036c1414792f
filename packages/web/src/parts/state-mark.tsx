import { Icon } from './icons.tsx';
import type { Mark } from './state.ts';
import style from './state-mark.module.css';

/** A state: shape, colour and word. `plain` leaves the tinted ground away, for dense tables. */
export function StateMark({ mark, plain = false, large = false }: { mark: Mark; plain?: boolean; large?: boolean }) {
  return (
    <span className={style.mark} data-tone={mark.tone} data-plain={plain || undefined} data-large={large || undefined}>
      <span className={style.icon} data-live={mark.icon === 'live' || undefined}><Icon name={mark.icon} size={large ? 16 : 13} /></span>
      {mark.word}
    </span>
  );
}
