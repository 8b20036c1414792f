import { lazy, type ReactNode, type Ref, Suspense, useRef } from 'react';
import type { Problem } from '../api/types.ts';
import { plural } from '../parts/format.ts';
import { HelpLink } from '../parts/links.tsx';
import { Icon } from '../parts/icons.tsx';
import { Coming } from '../parts/page.tsx';
import style from './editor.module.css';
import type { EditorHandle, Language } from './text-editor.tsx';
import { type Check, problemsOf } from './use-check.ts';

const TextEditor = lazy(() => import('./text-editor.tsx'));

interface Props {
  label: string; language: Language; start: string; check: Check; onChange: (text: string) => void; onSubmit: () => void;
  /** Lets the page replace the text. */
  handle?: Ref<EditorHandle> | undefined;
  /** What to do while there is no text. */
  children: ReactNode;
}

/** A text with what is wrong with it beside: each problem with what to do, its place and a click that leads there. */
export function Editor({ label, language, start, check, onChange, onSubmit, handle, children }: Props) {
  const editor = useRef<EditorHandle>(null);
  const problems = problemsOf(check);
  const ref = (of: EditorHandle | null) => {
    editor.current = of;
    if (typeof handle === 'function') handle(of);
    else if (handle) handle.current = of;
  };
  return (
    <div className={style.columns}>
      <div className={style.editor}>
        <Suspense fallback={<Coming rows={12} />}><TextEditor ref={ref} label={label} language={language} start={start} problems={problems} onChange={onChange} onSubmit={onSubmit} /></Suspense>
      </div>
      <section className={style.problems} aria-label="Problems">
        <h2><span role="status"><Summary check={check} problems={problems} /></span></h2>
        {check.state === 'empty' && <p className="quiet">{children}</p>}
        <ul>{problems.map((p, i) => <Shown key={i} problem={p} onGo={() => editor.current?.goTo(p)} />)}</ul>
      </section>
    </div>
  );
}

function Summary({ check, problems }: { check: Check; problems: readonly Problem[] }) {
  switch (check.state) {
    case 'empty': return 'Problems';
    case 'checking': return 'Checking…';
    case 'unreachable': return 'Not checked: the server did not answer';
    default: {
      const errors = problems.filter((p) => p.severity === 'error').length;
      if (problems.length === 0) return <span className={style.good}><Icon name="ok" size={14} /> Nothing wrong</span>;
      return [errors > 0 && plural(errors, 'error'), problems.length > errors && plural(problems.length - errors, 'warning')].filter(Boolean).join(', ');
    }
  }
}

function Shown({ problem: p, onGo }: { problem: Problem; onGo: () => void }) {
  return (
    <li data-severity={p.severity}>
      <button type="button" disabled={p.line === undefined} onClick={onGo}>
        <span className={style.icon}><Icon name={p.severity === 'error' ? 'bad' : 'warn'} size={14} /><span className="sr-only">{p.severity}</span></span>
        <span>
          {p.message}
          {p.hint !== undefined && <span className={style.hint}>{p.hint}</span>}
        </span>
      </button>
      <span className={style.where}>
        {p.line !== undefined && `Line ${p.line}${p.column === undefined ? '' : `:${p.column}`}`}
        <HelpLink page="errors" anchor={p.code}>{p.code}</HelpLink>
      </span>
    </li>
  );
}
