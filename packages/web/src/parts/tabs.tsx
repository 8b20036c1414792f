import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import style from './tabs.module.css';

export interface TabItem {
  readonly key: string; readonly to: string; readonly search?: Record<string, string>; readonly label: ReactNode; readonly note?: ReactNode; readonly current: boolean;
  /** Only where there is little room. */
  readonly narrow?: boolean;
  /** Current where there is room, whatever `current` says of little room. */
  readonly near?: boolean;
}

/** Views of one thing; each has its address. */
export function Tabs({ label, items }: { label: string; items: readonly TabItem[] }) {
  return (
    <nav aria-label={label} className={style.tabs}>
      {items.map((t) => (
        <Link key={t.key} to={t.to as '/'} search={(t.search ?? {}) as never} resetScroll={false} activeOptions={{ exact: true, includeSearch: true }} aria-current={t.current ? 'page' : undefined} data-narrow={t.narrow || undefined} data-near={t.near || undefined}>
          {t.label}{t.note !== undefined && <span className={style.note}>{t.note}</span>}
        </Link>
      ))}
    </nav>
  );
}
