import { hash, verify } from '@node-rs/argon2';

/** argon2id at the strength OWASP advises for interactive sign-in: 19 MiB, two passes, one lane. */
const strength = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Nobody types more; a longer text only costs time. */
const longestPassword = 1024;

/** The text to keep in `users.password`: `$argon2id$v=19$…`. */
export function hashPassword(password: string): Promise<string> {
  if (password.length > longestPassword) throw new RangeError(`a password has at most ${longestPassword} characters`);
  return hash(password, strength);
}

let nobodys: Promise<string> | undefined;

/**
 * True when `password` belongs to `stored`. Without a stored hash (unknown user, user without a password) it takes as
 * long as a wrong password does, so that nobody learns which names exist.
 */
export async function verifyPassword(stored: string | null | undefined, password: string): Promise<boolean> {
  nobodys ??= hash(Math.random().toString(), strength);
  const text = password.slice(0, longestPassword);
  const against = stored?.startsWith('$argon2') ? stored : await nobodys;
  const matches = await verify(against, text).catch(() => false);
  return matches && against === stored && text === password;
}
