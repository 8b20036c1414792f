import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';
import style from './notice.module.css';
import type { Tone } from './state.ts';

const icons: Record<Tone, IconName> = { ok: 'ok', bad: 'bad', warn: 'warn', live: 'clock', idle: 'help' };

/** A line or two that matter more than the rest of the page. */
export function Notice({ tone, title, icon, action, role, children }: { tone: Tone; title?: ReactNode; icon?: IconName; action?: ReactNode; role?: 'alert' | 'status'; children?: ReactNode }) {
  return (
    <div className={style.notice} data-tone={tone} role={role}>
      <span className={style.icon}><Icon name={icon ?? icons[tone]} /></span>
      <div className={style.text}>
        {title !== undefined && <strong>{title}</strong>}
        {children !== undefined && <div>{children}</div>}
      </div>
      {action !== undefined && <div className={style.action}>{action}</div>}
    </div>
  );
}
