import { checkText } from '../limits.ts';
import { str } from './repr.ts';
import { Markup, type Value } from './values.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

/** Text with the five characters that mean something in HTML replaced. */
export function escapeHtml(text: string): string {
  const safe = text.replace(/[&<>"']/g, (c) => entities[c] as string);
  checkText(safe.length);
  return safe;
}

/** `|escape`: Markup stays as it is. */
export function escape(value: Value): Markup {
  return value instanceof Markup ? value : new Markup(escapeHtml(str(value)));
}
