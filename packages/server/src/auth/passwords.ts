import { hash, verify } from '@node-rs/argon2';
import { isDjangoHash, verifyDjangoPassword } from './django-passwords.ts';

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
  if (stored && isDjangoHash(stored)) return await verifyDjangoPassword(stored, text).catch(() => false) && text === password;
  return matches && against === stored && text === password;
}

/** Whether a hash that a password belongs to should be replaced by a new one, as it is weaker than `hashPassword` makes. */
export function isOutdated(stored: string): boolean {
  return isDjangoHash(stored);
}
