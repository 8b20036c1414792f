import type { LogValue } from '@lava/job';

/** Whatever was thrown or parsed, as a value that a log record can carry. */
export function toLogValue(value: unknown): LogValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (Array.isArray(value)) return value.map(toLogValue);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toLogValue(v)]));
  return String(value);
}
