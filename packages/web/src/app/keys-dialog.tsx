import { Link } from '@tanstack/react-router';
import { Dialog } from '../parts/dialog.tsx';
import style from './keys-dialog.module.css';

const groups: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ['Go to', [['g h', 'home'], ['g j', 'jobs'], ['g q', 'queue'], ['g d', 'devices'], ['g t', 'device types'], ['g w', 'workers'], ['g ?', 'help'], ['g s', 'submit a job']]],
  ['Lists', [['j', 'next row'], ['k', 'previous row'], ['Enter', 'open the row'], ['/', 'search']]],
  ['Log of a job', [['/', 'search the log'], ['n', 'next match'], ['Shift n', 'previous match'], ['f', 'follow the end'], ['w', 'wrap long lines'], ['t', 'change the time column'], ['Shift click', 'mark a range of lines']]],
  ['Everywhere', [['?', 'this list'], ['Esc', 'close']]],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <div className={style.groups}>
        {groups.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>{keys.map(([key, what]) => <div key={key + what}><dt>{key.split(' ').map((k) => <kbd key={k}>{k}</kbd>)}</dt><dd>{what}</dd></div>)}</dl>
          </section>
        ))}
      </div>
      <p className={style.more}><Link to="/help" onClick={onClose}>All of the documentation</Link></p>
    </Dialog>
  );
}
