/** JSON of whatever YAML can hold: integers beyond 2^53 lose digits, bytes become base64, sets lists. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => {
    if (typeof v === 'bigint') return Number(v);
    if (v instanceof Uint8Array) return Buffer.from(v).toString('base64');
    if (v instanceof Set) return [...v];
    if (v instanceof Map) return Object.fromEntries(v);
    return v;
  }) ?? 'null';
}

/** As Python's `json.dumps` writes it: ASCII only, `, ` and `: ` between the parts. For clients that compare texts. */
export function pythonJson(value: Record<string, string | number | boolean | null>): string {
  const text = (v: unknown) => JSON.stringify(v).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `{${Object.entries(value).map(([k, v]) => `${text(k)}: ${text(v)}`).join(', ')}}`;
}
