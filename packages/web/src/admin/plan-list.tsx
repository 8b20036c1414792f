import type { PlanItem } from '../api/types.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import style from './admin.module.css';

const words: Readonly<Record<PlanItem['action'], { word: string; icon: IconName }>> = { create: { word: 'add', icon: 'plus' }, change: { word: 'change', icon: 'edit' }, remove: { word: 'remove', icon: 'bad' }, keep: { word: 'keep', icon: 'ok' } };
const kinds: Readonly<Record<string, string>> = { tags: 'tag', groups: 'group', users: 'user', workers: 'worker', device_types: 'device type', devices: 'device' };

const short = (value: unknown): string => {
  const text = value === null || value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.includes('\n') ? `${text.split('\n').length} lines` : text;
};

/** What a lab file would do, object by object. */
export function PlanList({ items }: { items: readonly PlanItem[] }) {
  return (
    <ul className={style.plan} tabIndex={0} aria-label="Changes">
      {items.map((item) => (
        <li key={`${item.kind} ${item.name}`}>
          <span><Icon name={words[item.action].icon} size={13} /> {words[item.action].word} {kinds[item.kind] ?? item.kind} <strong>{item.name}</strong></span>
          {item.action === 'change' && item.fields.map((f) => <span key={f.field} className={style.field}>{f.field}: {short(f.before)} → {short(f.after)}</span>)}
        </li>
      ))}
    </ul>
  );
}
