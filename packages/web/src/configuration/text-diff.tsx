import { useMemo } from 'react';
import { lineDiff } from '../parts/line-diff.ts';
import style from './text-diff.module.css';

const signs = { added: '+', removed: '−', same: '' };
const words = { added: 'added', removed: 'removed', same: '' };

/** Two texts as one: what was taken away and what came, with a sign and a colour. */
export function TextDiff({ label, before, after }: { label: string; before: string; after: string }) {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  return (
    <div className={style.frame} role="region" aria-label={label} tabIndex={0}>
      <ol className={style.text}>
        {lines.map((line, i) => (
          <li key={i} data-kind={line.kind}>
            <span className={style.sign} aria-hidden="true">{signs[line.kind]}</span>
            <code>{line.text}{line.kind !== 'same' && <span className="sr-only"> ({words[line.kind]})</span>}</code>
          </li>
        ))}
      </ol>
    </div>
  );
}
