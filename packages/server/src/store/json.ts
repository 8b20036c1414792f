/**
 * JSON that PostgreSQL takes as jsonb: NUL characters and halves of surrogate pairs, which it refuses, become U+FFFD,
 * in keys too; whole numbers beyond 2^53 become texts.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
  // JSON.stringify writes nothing else of these as an escape; a backslash before one is itself escaped.
  return text.replaceAll(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][\da-f]{2})/g, '$1\uFFFD');
}
