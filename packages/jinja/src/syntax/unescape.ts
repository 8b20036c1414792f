const simple: Record<string, string> = { '\n': '', '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/**
 * The value of a string literal as Python's `unicode-escape` reads it: unknown escapes such as `\d` stay as written.
 * Undefined if an escape is broken.
 */
export function unescape(body: string): string | undefined {
  if (!body.includes('\\')) return body;
  let broken = false;
  const value = body.replace(/\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/gu, (whole, octal, x, u, big, other) => {
    const hex = (x ?? u ?? big) as string | undefined;
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal as string, 8));
    if (hex !== undefined) {
      const code = Number.parseInt(hex, 16);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
      broken = true;
      return '';
    }
    const char = other as string;
    if ('xuUN'.includes(char)) { broken = true; return ''; }
    if (char.charCodeAt(0) > 0x7f) return `\\${asciiEscape(char)}`;
    return simple[char] ?? (whole as string);
  });
  return broken ? undefined : value;
}

/** A backslash before a character beyond ASCII keeps it from being read back, so its escaped form shows. */
function asciiEscape(char: string): string {
  const code = char.codePointAt(0) as number;
  const hex = code.toString(16);
  return code < 0x100 ? `x${hex}` : code < 0x10000 ? `u${hex.padStart(4, '0')}` : `U${hex.padStart(8, '0')}`;
}
