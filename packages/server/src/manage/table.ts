import { sql, type RawBuilder } from 'kysely';

/** Comma-separated lines with a header; fields are quoted where they must be. */
export function csv(header: readonly string[], rows: readonly (readonly (string | number | boolean | null)[])[]): string {
  const field = (value: string | number | boolean | null) => {
    // Scripts know Python's words.
    const text = value === null ? '' : value === true ? 'True' : value === false ? 'False' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(field).join(',')).join('\n');
}

/** Lines `key : value` with the colons below one another. */
export function aligned(entries: Readonly<Record<string, string | number | boolean | null>>): string {
  const width = Math.max(...Object.keys(entries).map((key) => key.length));
  const word = (value: string | number | boolean | null) => (value === true ? 'True' : value === false ? 'False' : value === null ? '' : String(value));
  return Object.entries(entries).map(([key, value]) => `${key.padEnd(width)}: ${word(value)}`.trimEnd()).join('\n');
}

/** A time as Python writes it, in UTC: without a fraction when there is none. With `T`, as `isoformat` does. */
export const pythonTime = (column: RawBuilder<unknown>, between: ' ' | 'T' = ' '): RawBuilder<string> =>
  sql<string>`replace(to_char(${column} at time zone 'UTC', ${`YYYY-MM-DD"${between}"HH24:MI:SS.US`}), '.000000', '') || '+00:00'`;
