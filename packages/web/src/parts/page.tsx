import { type ReactNode, useEffect } from 'react';
import style from './page.module.css';

/** The frame of an ordinary page: title, what belongs beside it, content. Sets the window's title too. */
export function Page({ title, windowTitle, lead, beside, children }: { title: ReactNode; windowTitle?: string; lead?: ReactNode; beside?: ReactNode; children: ReactNode }) {
  useTitle(windowTitle ?? (typeof title === 'string' ? title : 'LAVA'));
  return (
    <div className={style.page}>
      <header className={style.head}>
        <div className={style.titles}><h1>{title}</h1>{lead !== undefined && <div className="quiet">{lead}</div>}</div>
        {beside !== undefined && <div className={style.beside}>{beside}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => { document.title = title === 'LAVA' ? title : `${title} · LAVA`; }, [title]);
}

/** A white sheet with an optional heading. */
export function Panel({ title, beside, children, flush = false }: { title?: ReactNode; beside?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={style.panel} data-flush={flush || undefined}>
      {title !== undefined && <header className={style.panelHead}><h2>{title}</h2>{beside}</header>}
      {children}
    </section>
  );
}

/** Pairs of a name and a value. */
export function Facts({ of }: { of: readonly (readonly [string, ReactNode] | undefined | false)[] }) {
  return (
    <dl className={style.facts}>
      {of.filter((f): f is readonly [string, ReactNode] => f !== undefined && f !== false).map(([name, value]) => (
        <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

/** Nothing here yet, and what to type so that there is. */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string }) {
  return (
    <div className={style.empty}>
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && <pre><code>{command}</code></pre>}
    </div>
  );
}

/** The shape of what comes, while it comes. */
export function Coming({ rows = 5 }: { rows?: number }) {
  return <div className={style.coming} role="status" aria-label="Loading">{Array.from({ length: rows }, (_, i) => <span key={i} />)}</div>;
}
