import * as client from 'openid-client';
import { messageOf } from '@lava/base';
import { SignInRefused, type OutsidePerson } from './outside-person.ts';
import type { OidcProvider } from './sign-in-settings.ts';

/** What the browser keeps between leaving for the provider and coming back. */
export interface Trip {
  readonly provider: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Page to show afterwards. */
  readonly next: string;
}

/** Signs people in at one provider, by the code flow with PKCE. */
export class OidcClient {
  readonly #provider: OidcProvider;
  readonly #redirect: string;
  #configuration: Promise<client.Configuration> | undefined;

  constructor(provider: OidcProvider, publicUrl: string) {
    this.#provider = provider;
    this.#redirect = `${publicUrl}/login/oidc/${provider.name}/callback`;
  }

  /** Where to send the browser, and what it has to bring back. */
  async leave(next: string): Promise<{ readonly url: string; readonly trip: Trip }> {
    const trip = { provider: this.#provider.name, state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier(), next };
    const url = client.buildAuthorizationUrl(await this.#configured(), {
      redirect_uri: this.#redirect, scope: this.#provider.scopes, state: trip.state, code_challenge: await client.calculatePKCECodeChallenge(trip.verifier), code_challenge_method: 'S256',
      ...(this.#provider.kind !== 'github' && { nonce: trip.nonce }),
    });
    return { url: url.href, trip };
  }

  /** Who came back. @throws SignInRefused when the answer is not that of this trip */
  async arrive(query: string, trip: Trip): Promise<OutsidePerson> {
    const configuration = await this.#configured();
    try {
      const github = this.#provider.kind === 'github';
      const tokens = await client.authorizationCodeGrant(configuration, new URL(`${this.#redirect}?${query}`), {
        expectedState: trip.state, pkceCodeVerifier: trip.verifier, ...(!github && { expectedNonce: trip.nonce, idTokenExpected: true }),
      });
      if (github) return await this.#fromGithub(configuration, tokens.access_token);
      const claims = tokens.claims()!;
      // Some tell the names at their own address only.
      const more = claims[this.#provider.usernameClaim] === undefined || this.#wantsGroups(claims) ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub) : {};
      return this.#person({ ...more, ...claims });
    } catch (error) {
      if (error instanceof SignInRefused) throw error;
      throw new SignInRefused(`${this.#provider.label} did not confirm who you are: ${messageOf(error)}`, 'Try to sign in again.');
    }
  }

  #wantsGroups(claims: Readonly<Record<string, unknown>>): boolean {
    return (this.#provider.allowedGroups !== null || Object.keys(this.#provider.groups).length > 0) && claims[this.#provider.groupsClaim] === undefined;
  }

  #person(claims: Readonly<Record<string, unknown>>): OutsidePerson {
    const { name, usernameClaim, groupsClaim, label } = this.#provider;
    const username = claims[usernameClaim];
    if (typeof username !== 'string' || username === '') throw new SignInRefused(`${label} did not tell your name`, `An admin sets username_claim of ${name} in settings.yaml.`);
    const groups = claims[groupsClaim];
    // An address that was not proven there may be anybody's.
    const email = typeof claims['email'] === 'string' && claims['email_verified'] !== false ? claims['email'] : '';
    return { provider: `oidc:${name}`, subject: String(claims['sub']), username, email, groups: Array.isArray(groups) ? groups.map(String) : [] };
  }

  /** GitHub is no OpenID provider for people: its API says who somebody is. */
  async #fromGithub(configuration: client.Configuration, token: string): Promise<OutsidePerson> {
    const api = githubApi(this.#provider.issuer);
    const read = async (path: string) => {
      const answer = await client.fetchProtectedResource(configuration, token, new URL(`${api}${path}`), 'GET', null, new Headers({ accept: 'application/json', 'user-agent': 'lava-server' }));
      if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
      return await answer.json() as unknown;
    };
    const user = await read('/user') as { id: number; login: string; email?: string | null };
    const orgs = this.#wantsGroups({}) ? await read('/user/orgs') as { login: string }[] : [];
    return this.#person({ sub: user.id, login: user.login, email: user.email ?? '', orgs: orgs.map((o) => o.login), [this.#provider.groupsClaim]: orgs.map((o) => o.login) });
  }

  #configured(): Promise<client.Configuration> {
    this.#configuration ??= this.#configure().catch((error: unknown) => {
      this.#configuration = undefined;
      throw new SignInRefused(`${this.#provider.label} does not answer: ${messageOf(error)}`, 'Try again in a moment, or sign in with a password.');
    });
    return this.#configuration;
  }

  async #configure(): Promise<client.Configuration> {
    const { kind, issuer, clientId, clientSecret } = this.#provider;
    const plain = issuer.startsWith('http:'); // the settings allow this for this machine only
    if (kind === 'github') {
      const made = new client.Configuration({ issuer, authorization_endpoint: `${issuer}/login/oauth/authorize`, token_endpoint: `${issuer}/login/oauth/access_token` }, clientId, clientSecret, client.ClientSecretPost(clientSecret));
      if (plain) client.allowInsecureRequests(made);
      return made;
    }
    return client.discovery(new URL(issuer), clientId, clientSecret, undefined, { timeout: 10, ...(plain && { execute: [client.allowInsecureRequests] }) });
  }
}

const githubApi = (issuer: string) => (issuer === 'https://github.com' ? 'https://api.github.com' : `${issuer}/api/v3`);
