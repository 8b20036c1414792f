import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One call: a method, its arguments and whose token goes with it (`user:token`, or nothing). */
export interface Call {
  readonly method: string;
  readonly params?: readonly unknown[];
  readonly as?: string;
}

/** Python's own xmlrpc library, in one process for all calls of a test file. */
export interface PythonClient {
  /**
   * Makes calls, one after the other. In arguments and answers `{$bytes: base64}`, `{$date: text}`, `{$float: text}` and
   * `{$int: text}` stand for what JSON has not; a fault comes as `{fault, text}`, a refusal of HTTP as `{http, text}`.
   */
  calls(calls: readonly Call[]): Promise<unknown[]>;
  end(): Promise<void>;
}

export function pythonClient(url: string): PythonClient {
  const python = spawn('python3', ['-c', script, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { python.once('close', resolve); });
  const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  return {
    async calls(calls) {
      python.stdin.write(`${JSON.stringify(calls)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('the Python client has ended');
      return JSON.parse(value) as unknown[];
    },
    async end() {
      python.stdin.end();
      await ended;
    },
  };
}

const script = `
import base64, json, sys, xmlrpc.client
from urllib.parse import urlparse

def packed(value):
    if isinstance(value, dict):
        if '$bytes' in value: return xmlrpc.client.Binary(base64.b64decode(value['$bytes']))
        if '$date' in value: return xmlrpc.client.DateTime(value['$date'])
        if '$float' in value: return float(value['$float'])
        if '$int' in value: return int(value['$int'])
        return {k: packed(v) for k, v in value.items()}
    if isinstance(value, list): return [packed(v) for v in value]
    return value

def shown(value):
    if isinstance(value, xmlrpc.client.Binary): return {'$bytes': base64.b64encode(value.data).decode()}
    if isinstance(value, xmlrpc.client.DateTime): return {'$date': value.value}
    if isinstance(value, float): return {'$float': repr(value)}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2 ** 53: return {'$int': str(value)}
    if isinstance(value, dict): return {k: shown(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)): return [shown(v) for v in value]
    return value

url = urlparse(sys.argv[1])
for line in sys.stdin:
    answers = []
    for call in json.loads(line):
        user = call.get('as')
        proxy = xmlrpc.client.ServerProxy('%s://%s%s/RPC2' % (url.scheme, user + '@' if user else '', url.netloc), allow_none=True)
        try:
            answers.append(shown(getattr(proxy, call['method'])(*packed(call.get('params') or []))))
        except xmlrpc.client.Fault as fault:
            answers.append({'fault': fault.faultCode, 'text': fault.faultString})
        except xmlrpc.client.ProtocolError as error:
            answers.append({'http': error.errcode, 'text': error.errmsg})
    print(json.dumps(answers), flush=True)
`;
