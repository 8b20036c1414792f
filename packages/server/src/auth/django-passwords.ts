import { createHash, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify } from '@node-rs/bcrypt';

/*
 * Hashes as Django stores them, `algorithm$…`: users that came over from another LAVA keep their passwords. A hash is
 * replaced by one of our own at the next sign-in.
 */

type Derive = (password: string, parts: readonly string[]) => Promise<Buffer> | undefined;

interface Algorithm {
  /** What the hash of this password would be; undefined when the parameters make no sense. */
  readonly derive: Derive;
  readonly encoding: 'base64' | 'hex';
}

const pbkdf2Async = promisify(pbkdf2);
const scryptAsync = promisify<string, string, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** More work than any installation asks for would only keep the server busy. */
const mostIterations = 10_000_000;
const mostMemory = 256 * 1024 * 1024;

const pbkdf2With = (digest: string, length: number): Algorithm => ({
  encoding: 'base64',
  derive: (password, [iterations, salt]) => {
    const count = wholeNumber(iterations, mostIterations);
    return count === undefined || salt === undefined ? undefined : pbkdf2Async(password, salt, count, length, digest);
  },
});

const salted = (digest: string): Algorithm => ({
  encoding: 'hex',
  derive: async (password, [salt = '']) => createHash(digest).update(salt + password).digest(),
});

const algorithms: Readonly<Record<string, Algorithm>> = {
  pbkdf2_sha256: pbkdf2With('sha256', 32),
  pbkdf2_sha1: pbkdf2With('sha1', 20),
  scrypt: {
    encoding: 'base64',
    derive: (password, [cost, salt, block, lanes]) => {
      const [N, r, p] = [wholeNumber(cost, 2 ** 20), wholeNumber(block, 64), wholeNumber(lanes, 64)];
      if (N === undefined || r === undefined || p === undefined || salt === undefined || 128 * N * r > mostMemory) return undefined;
      return scryptAsync(password, salt, 64, { N, r, p, maxmem: mostMemory * 2 });
    },
  },
  sha1: salted('sha1'),
  md5: salted('md5'),
};

/**
 * bcrypt writes its own parameters; Django's variant hashes the password before, as bcrypt looks at 72 bytes only. Each step
 * of the cost doubles the work: 15 takes seconds.
 */
const bcryptHash = /^(bcrypt|bcrypt_sha256)\$(\$2[abxy]\$(?:0[4-9]|1[0-5])\$[./A-Za-z0-9]{53})$/;

/** Django's name for argon2 stands before the text that argon2 itself writes. */
const argon2Prefix = 'argon2$';

/** The hash in the form in which `users.password` keeps it; undefined for one that nobody can sign in with here. */
export function passwordFromDjango(encoded: string): string | undefined {
  if (encoded.startsWith(`${argon2Prefix}argon2`)) return `$${encoded.slice(argon2Prefix.length)}`;
  // The oldest form of all: MD5 without a salt and without a name.
  const named = /^[0-9a-f]{32}$/.test(encoded) ? `md5$$${encoded}` : encoded;
  return isDjangoHash(named) ? named : undefined;
}

/** Whether a stored hash is one of Django's that can be checked here. */
export function isDjangoHash(stored: string): boolean {
  const [name = '', ...parts] = stored.split('$');
  return bcryptHash.test(stored) || (Object.hasOwn(algorithms, name) && parts.length >= 2);
}

/** Whether the password belongs to a hash that `isDjangoHash` knows. */
export async function verifyDjangoPassword(stored: string, password: string): Promise<boolean> {
  const [, kind, hash] = bcryptHash.exec(stored) ?? [];
  if (hash !== undefined) return verify(kind === 'bcrypt' ? password : createHash('sha256').update(password).digest('hex'), hash);
  const [name = '', ...parts] = stored.split('$');
  const algorithm = algorithms[name]!;
  const expected = Buffer.from(parts.at(-1)!, algorithm.encoding);
  const found = await algorithm.derive(password, parts.slice(0, -1));
  return found !== undefined && found.length === expected.length && timingSafeEqual(found, expected);
}

function wholeNumber(text: string | undefined, most: number): number | undefined {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 && value <= most ? value : undefined;
}
