import { type ReactNode, useEffect, useRef } from 'react';
import { Icon } from './icons.tsx';
import style from './dialog.module.css';

/** The browser's own modal dialog: focus stays inside, Escape closes, the page behind is inert. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { dialog.current?.showModal(); }, []);
  return (
    <dialog ref={dialog} className={style.dialog} aria-label={title} onClose={onClose} onClick={(e) => { if (e.target === dialog.current) dialog.current?.close(); }}>
      <div className={style.sheet}>
        <header><h2>{title}</h2><button type="button" className={style.close} aria-label="Close" onClick={() => dialog.current?.close()}><Icon name="close" /></button></header>
        {children}
      </div>
    </dialog>
  );
}
