import { scopeAllows, scopeOfMethod, scopeRefusal } from '../../auth/token-scope.ts';
import type { LdapSettings } from '../../auth/sign-in-settings.ts';
import type { User } from '../../auth/users.ts';
import type { EventSettings } from '../events/settings.ts';
import type { Services } from '../../services.ts';
import type { Access } from './access.ts';
import { internalError } from './codec/write.ts';
import { Fault, type XmlRpcValue } from './codec/values.ts';
import { WrongArgument, type Arguments, type Params } from './param.ts';

/** What a method works with: the server, and who asks. */
export interface Context<U extends User | null = User | null> {
  readonly services: Services;
  readonly events: EventSettings;
  /** The directory of people, if there is one. */
  readonly ldap: LdapSettings | undefined;
  readonly user: U;
}

/** One row of the table of methods. */
export interface Method {
  readonly name: string;
  readonly params: Params;
  /** Who may call it. */
  readonly rule: string;
  readonly about: string;
  readonly returns: string;
  /** Checks who asks and what was given, then does it. Throws Fault. */
  call(context: Context, given: readonly XmlRpcValue[]): Promise<XmlRpcValue>;
}

interface Spec<P extends Params, U extends User | null> {
  /** In the order in which a call gives them. */
  readonly params?: P;
  readonly access: Access<U>;
  readonly about: string;
  readonly returns: string;
  run(context: Context<U>, args: Arguments<P>): Promise<XmlRpcValue | void>;
}

export function method<P extends Params, U extends User | null>(name: string, { params = {} as P, access, about, returns, run }: Spec<P, U>): Method {
  return {
    name, params, about, returns, rule: access.rule,
    async call(context, given) {
      const needed = scopeOfMethod(name);
      if (!scopeAllows(context.user, needed)) throw new Fault(403, scopeRefusal(context.user?.scope, needed));
      const user = access.admit(context.user);
      return await run({ ...context, user }, readArguments(name, params, given)) ?? null;
    },
  };
}

function readArguments<P extends Params>(method: string, params: P, given: readonly XmlRpcValue[]): Arguments<P> {
  const wrong = (text: string) => new Fault(-32603, internalError(`${method}() ${text}`));
  const names = Object.keys(params);
  if (given.length > names.length) throw wrong(`takes ${names.length} arguments (${names.join(', ') || 'none'}) but ${given.length} were given`);
  const read: Record<string, unknown> = {};
  for (const [n, name] of names.entries()) {
    const param = params[name]!;
    const value = given[n];
    if ((value === undefined || value === null) && param.fallback) {
      read[name] = param.fallback.value;
      continue;
    }
    if (value === undefined) throw wrong(`missing required argument: '${name}'`);
    try {
      read[name] = param.read(value);
    } catch (error) {
      throw error instanceof WrongArgument ? wrong(`argument '${name}' ${error.message}`) : error;
    }
  }
  return read as Arguments<P>;
}
