import type { LineHealth } from './line-health.ts';

/** On which line somebody waited in vain, by the error that told them so. */
const waits = new WeakMap<object, LineHealth>();

export function noteFailedWait(error: unknown, line: LineHealth): void {
  if (typeof error === 'object' && error !== null) waits.set(error, line);
}

/** The line whose silence, or whose text, brought an error about; undefined for errors that no console had a part in. */
export function failedWait(error: object): LineHealth | undefined {
  return waits.get(error);
}
