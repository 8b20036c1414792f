import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { HttpError } from '../errors.ts';
import { userOfToken } from '../who.ts';

const badHeader = (message: string) => new HttpError(400, 'bad-authorization', message);

/**
 * The user of `Authorization: Basic base64(user:token)`. The texts are LAVA's; a password is no token, and a token of
 * somebody else is none either.
 */
export async function userOfHeader(services: Services, header: string): Promise<User> {
  const space = header.indexOf(' ');
  if (space < 0) throw badHeader('Invalid HTTP_AUTHORIZATION header');
  if (header.slice(0, space) !== 'Basic') throw badHeader('Unsupported HTTP_AUTHORIZATION header, only Basic scheme is supported');
  const [username, token] = namePart(header.slice(space + 1));
  const user = await userOfToken(services, username, token);
  if (!user) throw new HttpError(401, 'invalid-token', 'Invalid token');
  return user;
}

function namePart(encoded: string): [name: string, token: string] {
  let text: string;
  try {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded.trim())) throw new Error('not base64');
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    throw badHeader('Corrupted HTTP_AUTHORIZATION header, bad base64 encoding');
  }
  const colon = text.indexOf(':');
  if (colon < 0) throw badHeader('Corrupted HTTP_AUTHORIZATION header, no user:pass');
  return [text.slice(0, colon), text.slice(colon + 1)];
}
