/** As Python's `json.dumps` writes it: ASCII only, `, ` and `: ` between the parts. For clients that compare texts. */
export function pythonJson(value: Record<string, string | number | boolean | null>): string {
  const text = (v: unknown) => JSON.stringify(v).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `{${Object.entries(value).map(([k, v]) => `${text(k)}: ${text(v)}`).join(', ')}}`;
}
