import { escape, escapeHtml } from '../python/html.ts';
import { checkText } from '../limits.ts';
import { PyError } from '../python/errors.ts';
import { indexOf, truth } from '../python/types.ts';
import { repr, str } from '../python/repr.ts';
import { toList } from '../python/iterate.ts';
import type { Value } from '../python/values.ts';

/** Endings of a host that make it a web address even without `https://` or `www.` before it. */
const knownEndings = new Set(['com', 'net', 'int', 'edu', 'gov', 'org', 'info', 'mil']);
const namePart = /^[\p{L}\p{N}_%-]+$/u;

const isEnding = (text: string) => /^[a-z]{2,63}$/i.test(text) || /^xn--[\p{L}\p{N}_%]{2,59}$/iu.test(text);
const isIpv4 = (parts: readonly string[]) => parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part));

function isIpv6(text: string): boolean {
  const groups = text.split(':');
  return groups.length >= 3 && groups.length <= 9 && groups.every((group) => /^[\da-f]{0,4}$/i.test(group));
}

/** Whether a word is a web address: a scheme or a telling host, perhaps a port, perhaps a path. */
function isWebAddress(word: string): boolean {
  const scheme = /^https?:\/\//i.exec(word)?.[0] ?? '';
  const authority = word.slice(scheme.length).split(/[/?#]/, 1)[0] as string;
  const host = authority.replace(/:\d{1,5}$/, '');
  if (scheme && host.startsWith('[') && host.endsWith(']')) return isIpv6(host.slice(1, -1));
  const parts = host.split('.');
  if (scheme && isIpv4(parts)) return true;
  const ending = parts.at(-1) as string;
  const names = parts.slice(0, -1);
  if (!names.every((name) => namePart.test(name))) return false;
  if (scheme || (names[0]?.toLowerCase() === 'www')) return isEnding(ending);
  return names.length > 0 && knownEndings.has(ending.toLowerCase()) && names.every((name) => name.length >= 2 && name.length <= 63);
}

/** Whether a word is the address of a mailbox: something, an at sign, and a host with a dot. */
function isMailAddress(word: string): boolean {
  const at = word.lastIndexOf('@');
  const parts = word.slice(at + 1).split('.');
  return at > 0 && parts.length >= 2 && parts[0] !== ''
    && /^[\p{L}\p{N}_]/u.test(parts[0] as string) && /^[\p{L}\p{N}_]+$/u.test(parts.at(-1) as string)
    && parts.slice(0, -1).every((part) => part === '' || namePart.test(part)) && !parts.slice(0, -1).some((part) => part.includes('%'));
}

/** Brackets as they stand in escaped text. */
const brackets = [['(', ')'], ['<', '>'], ['&lt;', '&gt;']] as const;
const occurrences = (text: string, part: string) => text.split(part).length - 1;

/** A word as [what opens before it, the word, the punctuation after it]; a bracket opened inside the word keeps its end. */
function undress(text: string): [string, string, string] {
  const start = (/^(?:\(|<|&lt;)*/.exec(text) as RegExpExecArray)[0].length;
  let end = text.length;
  for (;;) {
    const closing = [')', '>', '.', ',', '\n', '&gt;'].find((mark) => end - mark.length >= start && text.startsWith(mark, end - mark.length));
    if (closing === undefined) break;
    end -= closing.length;
  }
  for (const [open, close] of brackets) {
    const word = text.slice(start, end);
    const opened = occurrences(word, open);
    if (opened <= occurrences(word, close)) continue;
    for (let left = opened; left > 0; left--) {
      const at = text.indexOf(close, end);
      if (at < 0) break;
      end = at + close.length;
    }
  }
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}

interface LinkOptions { readonly limit: number | undefined; readonly attributes: string; readonly schemes: readonly string[] }

/** The target of the link that a word is, what is shown of it, and the link's attributes; undefined for other words. */
function linkOf(word: string, { limit, attributes, schemes }: LinkOptions): [string, string, string] | undefined {
  if (isWebAddress(word)) {
    const shown = limit !== undefined && word.length > limit ? `${word.slice(0, limit)}...` : word;
    return [/^https?:\/\//.test(word) ? word : `https://${word}`, shown, attributes];
  }
  if (word.startsWith('mailto:') && isMailAddress(word.slice(7))) return [word, word.slice(7), ''];
  if (!/^(?:www\.|@)/.test(word) && !word.includes(':') && isMailAddress(word)) return [`mailto:${word}`, word, ''];
  return schemes.some((scheme) => word !== scheme && word.startsWith(scheme)) ? [word, word, attributes] : undefined;
}

function withLink(text: string, options: LinkOptions): string {
  // No address is that long.
  if (text.length > 2000) return text;
  const [before, word, after] = undress(text);
  const found = linkOf(word, options);
  if (!found) return text;
  const [target, shown, attributes] = found;
  return `${before}<a href="${target}"${attributes}>${shown}</a>${after}`;
}

/** Escaped text in which web and mail addresses are links, as the filter `urlize` makes them. */
export function urlize(value: Value, limit: Value, nofollow: Value, target: Value, rel: Value, extra: Value): string {
  const relations = rel === null ? [] : str(rel).split(/\s+/).filter(Boolean);
  const rels = new Set([...relations, 'noopener', ...(truth(nofollow) ? ['nofollow'] : [])]);
  const schemes = extra === null ? [] : toList(extra).map((scheme) => {
    if (!/^[\p{L}\p{N}_.+-]{2,}:\/{0,2}$/u.test(str(scheme))) throw new PyError('FilterArgumentError', `${repr(scheme)} is not a valid URI scheme prefix.`);
    return str(scheme);
  });
  const attributes = ` rel="${escapeHtml([...rels].sort().join(' '))}"${target === null ? '' : ` target="${escape(target).text}"`}`;
  const options = { limit: limit === null ? undefined : indexOf(limit), attributes, schemes };
  const text = escape(value).text.split(/(\s+)/).map((word) => withLink(word, options)).join('');
  checkText(text.length);
  return text;
}
