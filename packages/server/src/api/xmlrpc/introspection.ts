import { pythonRepr } from '@lava/job';
import { anyone } from './access.ts';
import { Fault, type XmlRpcValue } from './codec/values.ts';
import { faultStruct } from './codec/write.ts';
import { dispatch, type Methods } from './dispatch.ts';
import { helpText } from './help.ts';
import { method, type Context, type Method } from './method.ts';
import { anything, text } from './param.ts';

const signatures: Readonly<Record<string, readonly string[]>> = { 'system.multicall': ['array', 'array'], 'system.methodHelp': ['str', 'str'] };

const capabilities = {
  introspect: { specUrl: 'http://xmlrpc-c.sourceforge.net/xmlrpc-c/introspection.html', specVersion: 1 },
  faults_interop: { specUrl: 'http://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php', specVersion: 20010516 },
  auth_token: { specUrl: 'https://blueprints.launchpad.net/linaro-django-xmlrpc/+spec/other-o-linaro-xml-rpc-auth-tokens', specVersion: 20110516 },
};

/** The methods about the methods of a table, which they are rows of themselves. */
export const introspection = (methods: () => Methods): readonly Method[] => [
  method('system.listMethods', {
    access: anyone, about: 'Lists all methods.', returns: 'array of names, sorted',
    run: async () => [...methods().keys()].sort(),
  }),
  method('system.methodHelp', {
    access: anyone, params: { method_name: text('name of a method') },
    about: 'Tells what a method does, what it takes and what it returns.', returns: 'string; empty for a method that does not exist',
    run: async (_, { method_name }) => {
      const found = methods().get(method_name);
      return found ? helpText(found) : '';
    },
  }),
  method('system.methodSignature', {
    access: anyone, params: { method_name: text('name of a method') },
    about: 'Tells the types of a method. LAVA has declared those of two methods only; `system.methodHelp` says more.',
    returns: "array of types, that of the result first; 'undef' if none are declared; an empty string for a method that does not exist",
    run: async (_, { method_name }) => (methods().has(method_name) ? signatures[method_name] ?? 'undef' : ''),
  }),
  method('system.getCapabilities', {
    access: anyone, about: 'Tells which extensions of XML-RPC the server has.', returns: 'struct of structs with specUrl and specVersion',
    run: async () => capabilities,
  }),
  method('system.multicall', {
    access: anyone, params: { subcalls: anything('array of structs with `methodName` (string) and `params` (array)') },
    about: 'Calls several methods, one after the other. A fault of one does not stop the others. Each method asks for its own rights.',
    returns: 'array with, for each call, an array with its result, or a struct with faultCode and faultString',
    async run(context, { subcalls }) {
      if (!Array.isArray(subcalls)) throw new Fault(-32602, 'system.multicall expected a list of methods to call');
      const answers: XmlRpcValue[] = [];
      for (const subcall of subcalls as readonly XmlRpcValue[]) answers.push(await callOne(methods(), context, subcall));
      return answers;
    },
  }),
];

async function callOne(methods: Methods, context: Context, subcall: XmlRpcValue): Promise<XmlRpcValue> {
  try {
    const wrong = (text: string) => new Fault(-32602, `system.multicall ${text}`);
    if (!(subcall instanceof Map)) throw wrong('expected struct');
    const { methodName, params, ...others } = Object.fromEntries(subcall as ReadonlyMap<string, XmlRpcValue>);
    if (methodName === undefined) throw wrong('methodName not specified');
    if (typeof methodName !== 'string') throw wrong('methodName must be a string');
    if (params === undefined) throw wrong('params not specified');
    if (!Array.isArray(params)) throw wrong('params must be an array');
    if (Object.keys(others).length > 0) throw wrong(`specified additional arguments ${pythonRepr(Object.keys(others))}`);
    return [await dispatch(methods, context, { method: methodName, params: params as readonly XmlRpcValue[] })];
  } catch (error) {
    if (error instanceof Fault) return faultStruct(error);
    throw error;
  }
}
