import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo } from 'react';
import { addedLines } from './line-diff.ts';
import style from './yaml-text.module.css';

/** YAML to read: numbered lines (`#L12` marks one), keys and comments set apart, added lines marked. */
export function YamlText({ label, text, changedFrom }: { label: string; text: string; changedFrom?: string | undefined }) {
  const lines = useMemo(() => text.replace(/\n$/u, '').split('\n'), [text]);
  const added = useMemo(() => (changedFrom === undefined ? new Set<number>() : addedLines(changedFrom, text)), [changedFrom, text]);
  const marked = useLocation({ select: (l) => l.hash });
  useEffect(() => { if (/^L\d+$/u.test(marked)) document.getElementById(marked)?.scrollIntoView({ block: 'center' }); }, [marked]);
  return (
    <div className={style.frame} role="region" aria-label={label} tabIndex={0}>
      <ol className={style.text}>
        {lines.map((line, i) => (
          <li key={i} id={`L${i + 1}`} data-marked={marked === `L${i + 1}` || undefined} data-added={added.has(i) || undefined}>
            <a href={`#L${i + 1}`} className={style.number} tabIndex={-1} aria-hidden="true">{i + 1}</a>
            <code>{highlight(line)}{added.has(i) && <span className="sr-only"> (added)</span>}</code>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Enough for the eye; nothing depends on it being right. */
function highlight(line: string): ReactNode {
  const comment = /(?:^|\s)#.*$/u.exec(line);
  const rest = comment === null ? line : line.slice(0, comment.index);
  const key = /^(\s*(?:- )*)([^\s#'"][^:#]*|'[^']*'|"[^"]*")(:)(?=\s|$)/u.exec(rest);
  return (
    <>
      {key === null ? rest : <>{key[1]}<span className={style.key}>{key[2]}</span>{key[3]}{rest.slice(key[0].length)}</>}
      {comment !== null && <span className={style.comment}>{comment[0]}</span>}
    </>
  );
}
