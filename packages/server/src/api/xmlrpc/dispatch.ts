import { pythonString } from '@lava/job';
import { toHttpError } from '../errors.ts';
import type { MethodCall } from './codec/parse.ts';
import { Fault, type XmlRpcValue } from './codec/values.ts';
import { internalError } from './codec/write.ts';
import type { Context, Method } from './method.ts';

export type Methods = ReadonlyMap<string, Method>;

/** Calls a method by its name. Whatever goes wrong is thrown as a Fault. */
export async function dispatch(methods: Methods, context: Context, call: MethodCall): Promise<XmlRpcValue> {
  // Some clients end with this word; it has never been listed.
  if (call.method === 'close') return null;
  const method = methods.get(call.method);
  if (!method) throw new Fault(-32601, `No such method: ${pythonString(call.method.slice(0, 200))}`);
  try {
    return await method.call(context, call.params);
  } catch (error) {
    throw toFault(error, call.method, context);
  }
}

/** What the user can act on keeps its text; of a mistake of ours only the daemon's log has it. */
function toFault(error: unknown, method: string, { services }: Context): Fault {
  if (error instanceof Fault) return error;
  const answer = toHttpError(error);
  if (answer.status >= 500) services.log.error(`[XML-RPC] ${method}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
  return new Fault(-32603, internalError(answer.hint ? `${answer.message} ${answer.hint}` : answer.message));
}
