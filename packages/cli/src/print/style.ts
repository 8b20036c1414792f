import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours only where a person looks: a terminal, without `NO_COLOR`. */
const coloured = Boolean(process.stdout.isTTY) && !process.env['NO_COLOR'];

export function style(format: Format, text: string): string {
  return coloured ? styleText(format, text) : text;
}

/** The word of a result or health in its colour. */
export function verdict(word: string): string {
  if (/^(pass|Complete|Good|Online|Active)$/.test(word)) return style('green', word);
  if (/^(fail|Incomplete|Bad|Offline)$/.test(word)) return style('red', word);
  if (/^(skip|unknown|Canceled|Maintenance|Unknown|Looping)$/.test(word)) return style('yellow', word);
  return word;
}

/**
 * Text of a device for a terminal: what could move the cursor, change its title or answer queries is shown escaped.
 * Colour sequences (SGR) stay on a terminal.
 */
export function safeText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (c) =>
    c.length > 1 && coloured ? c : c.length > 1 ? '' : c === '\r' ? '' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
