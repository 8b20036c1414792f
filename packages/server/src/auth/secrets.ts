import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A random text of `length` lower-case letters and digits (5.17 bits each). */
export function randomSecret(length: number): string {
  let text = '';
  while (text.length < length) {
    // 252 is the largest multiple of 36 in a byte: what lies above would favour the first letters.
    for (const byte of randomBytes(length)) if (byte < 252 && text.length < length) text += alphabet[byte % 36];
  }
  return text;
}

/** What the database keeps of a token or a session: SHA-256 is enough for a random secret of 128 bits or more. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares two texts in a time that tells nothing about where they differ. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
