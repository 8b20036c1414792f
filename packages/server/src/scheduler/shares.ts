import type { Snapshot } from './snapshot.ts';
import type { Unit } from './units.ts';

/** Device-seconds that a job counts for at least while it runs: it is not known how long it will be. */
export const leastCharge = 600;

/** A group with a share of its own, or a user who belongs to none. */
interface Account {
  /** Number of the group; null for a single user. */
  readonly group: number | null;
  readonly weight: number;
  readonly quota: number | null;
  used: number;
  held: number;
}

/** What everybody has had of the lab lately, and what that says about who is next. */
export class Shares {
  readonly #snapshot: Snapshot;
  readonly #accounts = new Map<string, Account>();
  readonly #ofUser = new Map<number, Account>();
  readonly #used = new Map<number, number>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    for (const [id, { used, held }] of snapshot.submitters) {
      const account = this.#account(id);
      account.used += used;
      account.held += held;
      this.#used.set(id, used);
    }
  }

  /** Whoever has the smaller one is served first: the share of the account, then the use of the user in it. */
  rank(submitter: number): readonly [number, number] {
    const account = this.#account(submitter);
    return [account.used / account.weight, this.#used.get(submitter) ?? 0];
  }

  /** The group whose quota leaves no room for the unit; undefined: there is room. */
  overQuota(unit: Unit): { readonly group: number; readonly quota: number } | undefined {
    const { group, quota, held } = this.#account(unit.submitter);
    return group !== null && quota !== null && held + unit.jobs.length > quota ? { group, quota } : undefined;
  }

  charge(unit: Unit): void {
    const account = this.#account(unit.submitter);
    account.held += unit.jobs.length;
    account.used += unit.jobs.length * leastCharge;
    this.#used.set(unit.submitter, (this.#used.get(unit.submitter) ?? 0) + unit.jobs.length * leastCharge);
  }

  #account(submitter: number): Account {
    let account = this.#ofUser.get(submitter);
    if (account) return account;
    const { submitters, shares } = this.#snapshot;
    // A user of several such groups counts for the one that was there first.
    const group = [...submitters.get(submitter)?.user.groups ?? []].filter((g) => shares.has(g)).sort((a, b) => a - b)[0];
    const key = group === undefined ? `user ${submitter}` : `group ${group}`;
    account = this.#accounts.get(key);
    if (!account) {
      const { weight, quota } = (group !== undefined && shares.get(group)) || { weight: 1, quota: null };
      this.#accounts.set(key, account = { group: group ?? null, weight, quota, used: 0, held: 0 });
    }
    this.#ofUser.set(submitter, account);
    return account;
  }
}
