import { useMemo, useState } from 'react';
import type { ActionRow, Job } from '../api/types.ts';
import { duration, ticking } from '../parts/format.ts';
import { Icon } from '../parts/icons.tsx';
import { useNow } from '../parts/time.tsx';
import style from './action-timeline.module.css';
import { actionTree, type ActionNode, openAtFirst, seconds, unusual } from './action-tree.ts';

/** What ran, when and how long; a click goes to its lines in the log. */
export function ActionTimeline({ job, actions, onLine }: { job: Job; actions: readonly ActionRow[]; onLine: (action: ActionRow) => void }) {
  const tree = useMemo(() => actionTree(actions), [actions]);
  // What the reader opened or closed; the rest opens by itself.
  const [chosen, setChosen] = useState<ReadonlyMap<number, boolean>>(new Map());
  const automatic = useMemo(() => openAtFirst(tree), [tree]);
  const now = useNow();
  const from = Date.parse(actions[0]?.started_at ?? job.start_time ?? '');
  const until = job.end_time === null ? now : Date.parse(job.end_time);
  const isOpen = (line: number) => chosen.get(line) ?? automatic.has(line);
  const toggle = (line: number) => setChosen(new Map(chosen).set(line, !isOpen(line)));
  const ended = job.state === 'Finished';
  const several = useMemo(() => new Set(tree.map((n) => n.action.namespace).filter((n) => n !== '' && n !== 'common')).size > 1, [tree]);

  const item = (node: ActionNode) => {
    const { action, children } = node;
    const open = children.length > 0 && isOpen(action.start_line);
    const running = action.ended_at === null && !ended;
    const took = seconds(action, ended ? until : now);
    const start = Date.parse(action.started_at);
    const width = until - from;
    const left = Math.max(0, Math.min(100, ((start - from) / width) * 100));
    const odd = unusual(action, now);
    return (
      <li key={action.start_line}>
        <div className={style.row} data-depth={node.depth} style={{ paddingLeft: 6 + node.depth * 14 }} data-running={running || undefined} data-failed={action.failed || undefined}>
          {children.length > 0
            ? <button type="button" className={style.fold} aria-expanded={open} aria-label={`Steps of ${action.name}`} onClick={() => toggle(action.start_line)}><Icon name={open ? 'down' : 'right'} size={12} /></button>
            : <span className={style.fold} />}
          <button type="button" className={style.name} onClick={() => onLine(action)} title={`${action.level} ${action.name}${action.namespace === '' ? '' : ` [${action.namespace}]`}, from line ${action.start_line}${action.timeout === null ? '' : `, may take ${duration(action.timeout)}`}`}>
            <span>{action.name}{several && node.depth === 0 && action.namespace !== '' && action.namespace !== 'common' && <small> {action.namespace}</small>}</span>
            {action.failed && <span className={style.failed}><Icon name="bad" size={12} /><span className="sr-only">failed</span></span>}
          </button>
          <span className={style.took} data-odd={odd || undefined} title={action.usual_seconds === null ? undefined : `usually ${duration(action.usual_seconds)}`}>
            {running ? ticking(took) : action.ended_at === null ? '–' : duration(took)}
            {odd && <span className="sr-only">, usually {duration(action.usual_seconds ?? 0)}</span>}
          </span>
          <span className={style.track} aria-hidden="true"><span style={{ left: `${left}%`, width: `${Math.min(100 - left, (took * 100_000) / width)}%` }} /></span>
          {odd && node.depth === 0 && <span className={style.usual} aria-hidden="true">usually {duration(action.usual_seconds ?? 0)}</span>}
        </div>
        {open && <ul>{children.map(item)}</ul>}
      </li>
    );
  };

  return tree.length === 0
    ? <p className={style.none}>{ended ? 'No action ran.' : job.start_time === null ? 'The steps appear when the job starts.' : 'Starting…'}</p>
    : <ul className={style.tree}>{tree.map(item)}</ul>;
}
