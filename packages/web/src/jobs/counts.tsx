import { Icon } from '../parts/icons.tsx';
import { plural } from '../parts/format.ts';
import style from './counts.module.css';

/** How many cases passed, failed, were skipped; nothing while there are none. */
export function Counts({ of: { passed, failed, skipped, unknown } }: { of: { passed: number; failed: number; skipped: number; unknown: number } }) {
  if (passed + failed + skipped + unknown === 0) return null;
  return (
    <span className={style.counts}>
      {failed > 0 && <span data-tone="bad" title={`${plural(failed, 'case')} failed`}><Icon name="bad" size={11} />{failed}<span className="sr-only"> failed</span></span>}
      {passed > 0 && <span data-tone="ok" title={`${plural(passed, 'case')} passed`}><Icon name="ok" size={11} />{passed}<span className="sr-only"> passed</span></span>}
      {skipped > 0 && <span data-tone="warn" title={`${plural(skipped, 'case')} skipped`}><Icon name="skip" size={11} />{skipped}<span className="sr-only"> skipped</span></span>}
      {unknown > 0 && <span title={`${plural(unknown, 'case')} with unknown result`}><Icon name="help" size={11} />{unknown}<span className="sr-only"> unknown</span></span>}
    </span>
  );
}
