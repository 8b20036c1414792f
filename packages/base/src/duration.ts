/** `HH:MM:SS` of whole seconds, as in `start: 1 deploy (timeout 00:05:00)`. Hours may pass 99. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** ISO 8601 UTC with microseconds and `+00:00`, the form of `dt` in log records; JavaScript's clock gives milliseconds. */
export function isoMicroseconds(date: Date): string {
  return date.toISOString().replace(/\.(\d{3})Z$/, (_, ms: string) => (ms === '000' ? '+00:00' : `.${ms}000+00:00`));
}
