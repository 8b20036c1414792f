import { createRemoteJWKSet, decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { LavaError, messageOf, type ErrorType } from '@lava/base';
import { change, type Stored } from '../store/change.ts';
import type { CiRule } from './sign-in-settings.ts';
import { newToken } from './tokens.ts';

/** Why a CI job gets no token. */
export class CiRefused extends LavaError {
  override readonly type: ErrorType = 'Configuration';

  constructor(message: string, hint: string) {
    super(message, { code: 'ci-refused', hint });
  }
}

export interface CiToken {
  readonly user: string;
  readonly token: string;
  readonly expires_at: string;
}

/** Exchanges the signed identity of a CI job for a token that submits, as the first rule that fits says. */
export function ciTokens(stored: Stored, rules: readonly CiRule[]): (jwt: string) => Promise<CiToken> {
  const keys = new Map<string, Promise<JWTVerifyGetKey>>();
  const keysOf = (issuer: string) => {
    let found = keys.get(issuer);
    if (!found) {
      keys.set(issuer, found = readKeys(issuer));
      // One that could not be asked is asked again.
      found.catch(() => keys.delete(issuer));
    }
    return found;
  };

  return async (jwt) => {
    const issuer = issuerOf(jwt);
    // Only issuers of the settings are ever asked for their keys.
    const candidates = rules.filter((rule) => rule.issuer === issuer);
    if (candidates.length === 0) throw new CiRefused('This server takes no tokens of that issuer', 'An admin names it under CI in settings.yaml.');
    const getKey = await keysOf(issuer!).catch((error: unknown) => { throw new CiRefused(`The keys of ${issuer} cannot be read: ${messageOf(error)}`, 'Try again in a moment.'); });
    let claims: JWTPayload;
    try {
      ({ payload: claims } = await jwtVerify(jwt, getKey, { issuer: issuer!, audience: candidates.map((rule) => rule.audience), requiredClaims: ['exp'], clockTolerance: 30 }));
    } catch (error) {
      throw new CiRefused(`The token is not good: ${messageOf(error)}`, 'Ask for one with the audience that the settings name, and send it before it ends.');
    }
    const rule = candidates.find((r) => fits(r, claims));
    if (!rule) throw new CiRefused('No rule allows this repository and branch', 'An admin compares the claims of the token with CI in settings.yaml.');
    return issue(stored, rule, claims);
  };
}

function issuerOf(jwt: string): string | undefined {
  try {
    return decodeJwt(jwt).iss;
  } catch {
    throw new CiRefused('That is no JSON Web Token', 'Send the identity token that your CI system makes for the job.');
  }
}

async function readKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(10_000), redirect: 'error' });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { issuer: told, jwks_uri: keys } = await answer.json() as { issuer?: string; jwks_uri?: string };
  if (told !== issuer || keys === undefined) throw new Error('it describes another issuer');
  return createRemoteJWKSet(new URL(keys), { timeoutDuration: 10_000 });
}

function fits({ audience, claims: wanted }: CiRule, claims: JWTPayload): boolean {
  const audiences = [claims.aud].flat();
  return audiences.includes(audience) && Object.entries(wanted).every(([name, values]) => Object.hasOwn(claims, name) && ['string', 'number', 'boolean'].includes(typeof claims[name]) && values.includes(String(claims[name])));
}

async function issue(stored: Stored, { user, deviceTypes, hours }: CiRule, claims: JWTPayload): Promise<CiToken> {
  const owner = await stored.db.selectFrom('users').select(['id', 'is_active']).where('username', '=', user).executeTakeFirst();
  if (!owner?.is_active) throw new CiRefused(`The account "${user}" of the rule is not there or closed`, 'An admin adds it, or names another in settings.yaml.');
  return change(stored, user, async (c) => {
    const about = `CI: ${String(claims.sub ?? claims.iss).slice(0, 180)}`;
    const token = await newToken(c.trx, owner.id, about, { days: hours / 24, scope: 'submit', deviceTypes: deviceTypes ?? undefined });
    c.note('token', user, `Token added: ${about}`);
    return { user, token, expires_at: new Date(Date.now() + hours * 3_600_000).toISOString() };
  });
}
