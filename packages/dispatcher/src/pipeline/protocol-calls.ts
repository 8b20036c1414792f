import { JobError, TestError } from '@lava/base';
import { isMapping, mappingAt, pythonRepr, type Mapping } from '@lava/job';
import type { Action, SharedKey } from './action.ts';
import { asText } from '../text/as-text.ts';
import { multinodeName, type Multinode, type Reply } from '../multinode/multinode.ts';

/** What members sent under a message id, as far as a call of the namespace asked for it: `{ipaddr: 10.0.0.1}`. */
export const receivedData = (messageID: string): SharedKey<Mapping> => ({ name: `${multinodeName} ${messageID}` });

/** Calls that a block makes of the protocol, in order. */
export function protocolCalls(a: Pick<Action, 'parameters'>): readonly Mapping[] {
  const calls: unknown = mappingAt(a.parameters, 'protocols')?.[multinodeName];
  return Array.isArray(calls) ? calls.filter(isMapping) : [];
}

/** Makes the calls that the action's block asks for at this action. */
export async function callProtocols(a: Action): Promise<void> {
  const { multinode } = a.job;
  if (!multinode) return;
  for (const call of protocolCalls(a).filter(({ action }) => action === a.name)) {
    a.log.info(`Making protocol call for ${a.name} using ${multinodeName}`);
    const reply = await makeCall(a, multinode, call);
    const found = reply === 'nack' || reply.length === 0 ? undefined : collate(a, call, reply);
    if (!found) continue;
    const id = asText(call['messageID']);
    a.log.info(`Setting namespace data key ${id} to ${pythonRepr(found)}`);
    a.set(receivedData(id), found);
  }
}

async function makeCall(a: Action, multinode: Multinode, call: Mapping): Promise<Reply> {
  const { request, messageID, message, role } = call;
  if (request === undefined) throw new JobError('Bad API call over protocol - missing request', { code: 'protocol-call' });
  if (call['timeout'] !== undefined) multinode.setTimeout(call['timeout']);
  if (messageID === undefined) throw new JobError('Missing messageID', { code: 'protocol-call' });
  const id = asText(messageID);
  switch (asText(request).replaceAll('-', '_')) {
    case 'lava_send':
      await multinode.send(id, isMapping(message) ? message : message === undefined || message === null ? {} : { [asText(message)]: null }, a.signal);
      return [];
    case 'lava_wait': return multinode.wait(id, a.signal);
    case 'lava_wait_all': return multinode.waitAll(id, role === undefined || role === null ? undefined : asText(role), a.signal);
    case 'lava_sync': return multinode.sync(id, a.signal);
    default: throw new TestError(`Unsupported api call: ${asText(request).replaceAll('-', '_')}`, { code: 'protocol-call' });
  }
}

/** The first key of `message` with a `$` value that the first sender sent. @throws JobError when there is none */
function collate(a: Action, call: Mapping, [first]: Exclude<Reply, 'nack'>): Mapping | undefined {
  const wanted = Object.entries(isMapping(call['message']) ? call['message'] : {}).filter(([, value]) => typeof value === 'string' && value.startsWith('$')).map(([key]) => key);
  if (wanted.length === 0 || !first) return undefined;
  for (const key of wanted) {
    if (Object.hasOwn(first.data, key)) return { [key]: first.data[key] };
    a.log.warning(`Skipping ${key} - not found in ${pythonRepr(first.data)}`);
  }
  const { action: _action, ...shown } = call;
  const text = `Unable to identify replaceable values in the parameters: ${pythonRepr(shown)}`;
  a.log.error(text);
  throw new JobError(text, { code: 'replaceable-missing', hint: 'The other job must send a value for one of these keys with lava-send.' });
}
