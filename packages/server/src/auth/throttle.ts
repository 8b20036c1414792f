/** Counts failed sign-ins of a name from an address, and of an address whatever the name. */
export interface LoginThrottle {
  /** Seconds to wait before the next attempt is looked at; 0 is now. */
  wait(username: string, address: string): number;
  failed(username: string, address: string): void;
  succeeded(username: string, address: string): void;
}

const windowMs = 5 * 60_000;
/** Failures within the window; an address may stand for a whole company, a name from one address is one person. */
const perName = 10;
const perAddress = 100;
/** Keys kept at most: a flood of invented names must not fill the memory. */
const mostKeys = 20_000;

export function loginThrottle(now: () => number = Date.now): LoginThrottle {
  const failures = new Map<string, { count: number; until: number }>();

  const current = (key: string) => {
    const entry = failures.get(key);
    return entry && entry.until > now() ? entry : undefined;
  };
  const add = (key: string) => {
    const entry = current(key);
    if (entry) { entry.count += 1; return; }
    failures.delete(key);
    // The oldest keys leave first: a Map remembers the order of insertion.
    if (failures.size >= mostKeys) failures.delete(failures.keys().next().value!);
    failures.set(key, { count: 1, until: now() + windowMs });
  };
  const left = (key: string, most: number) => {
    const entry = current(key);
    return entry && entry.count >= most ? Math.ceil((entry.until - now()) / 1000) : 0;
  };
  const byName = (username: string, address: string) => `${address} ${username.slice(0, 200)}`;

  return {
    wait: (username, address) => Math.max(left(byName(username, address), perName), left(address, perAddress)),
    failed(username, address) { add(byName(username, address)); add(address); },
    succeeded(username, address) { failures.delete(byName(username, address)); },
  };
}
