import { useEffect, useRef } from 'react';

/** What keys do, by key or sequence: `/`, `?`, `j`, `g d`. */
export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

const layers: { current: KeyMap }[] = [];
let begun = '';
let begunAt = 0;

/** True where keys are for typing, or where a dialog has the floor. */
function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return document.querySelector('dialog[open]') !== null
    || element?.closest?.('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable="true"]') != null;
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const sequence = begun !== '' && event.timeStamp - begunAt < 1200 ? `${begun} ${event.key}` : event.key;
  begun = '';
  const action = layers.findLast((map) => map.current[sequence] !== undefined)?.current[sequence];
  if (action !== undefined) {
    event.preventDefault();
    action(event);
  } else if (layers.some((map) => Object.keys(map.current).some((k) => k.startsWith(`${event.key} `)))) {
    begun = event.key;
    begunAt = event.timeStamp;
  }
}

/** Gives keys a meaning while the component is there; what was added last goes first. */
export function useKeys(map: KeyMap): void {
  const current = useRef(map);
  useEffect(() => { current.current = map; });
  useEffect(() => {
    layers.push(current);
    if (layers.length === 1) addEventListener('keydown', press);
    return () => {
      layers.splice(layers.indexOf(current), 1);
      if (layers.length === 0) removeEventListener('keydown', press);
    };
  }, []);
}

/** Moves the focus to the next or previous row of the page's tables (links marked with data-row). */
export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')].filter((row) => row.offsetParent !== null);
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row === document.activeElement || row.closest('tr, li')?.contains(document.activeElement) === true);
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Puts the cursor into the page's search field, if it has one. */
export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  field?.focus();
  field?.select();
}
