import { setTimeout as pause } from 'node:timers/promises';

/**
 * Polls until `check` gives something truthy, and returns it. Errors of `check` count as not yet.
 * @throws after `seconds`, with the last error or the given description
 */
export async function waitUntil<T>(what: string, check: () => Promise<T> | T, seconds = 60): Promise<NonNullable<T>> {
  const end = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await check();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(50);
  }
  throw new Error(`${what}: not within ${seconds} s`, { cause: last });
}
