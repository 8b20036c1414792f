import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCall } from './parse.ts';
import { Double, Fault, type XmlRpcValue } from './values.ts';
import { writeFault, writeResponse } from './write.ts';

const call = (value: string) => `<?xml version='1.0'?>\n<methodCall><methodName>m</methodName><params><param>${value}</param></params></methodCall>`;
const parse = (text: string, limits = {}) => parseCall(Buffer.from(text), limits);
const one = (value: string) => parse(call(value)).params[0];
const refused = (text: string | Buffer, limits = {}) => {
  try {
    parseCall(typeof text === 'string' ? Buffer.from(text) : text, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return [(error as Fault).code, (error as Fault).message];
  }
  throw new Error('it was taken');
};

describe('reads every type', () => {
  test.each<[string, XmlRpcValue]>([
    ['<value>bare text</value>', 'bare text'], ['<value></value>', ''], ['<value/>', ''], ['<value><string/></value>', ''], ['<value> <string> a </string> </value>', ' a '],
    ['<value><int>-12</int></value>', -12], ['<value><i4>+3</i4></value>', 3], ['<value><i8>9007199254740993</i8></value>', 9007199254740993n], ['<value><i8>-5</i8></value>', -5],
    ['<value><boolean>1</boolean></value>', true], ['<value><boolean>0</boolean></value>', false], ['<value><nil/></value>', null],
    ['<value><double>1.50</double></value>', new Double(1.5)], ['<value><double>-.5e3</double></value>', new Double(-500)], ['<value><double>nan</double></value>', new Double(NaN)],
    ['<value><dateTime.iso8601>20261122T10:34:23</dateTime.iso8601></value>', new Date('2026-11-22T10:34:23Z')],
    ['<value><dateTime.iso8601>2026-11-22T10:34:23.5+02:00</dateTime.iso8601></value>', new Date('2026-11-22T08:34:23.500Z')],
    ['<value><base64>\naGVs\nbG8=\n</base64></value>', new Uint8Array(Buffer.from('hello'))],
    ['<value><array><data><value>a</value><value><int>1</int></value></data></array></value>', ['a', 1]], ['<value><array><data/></array></value>', []],
    ['<value><struct><member><name>a</name><value><int>1</int></value></member><member><value>2</value><name>b</name></member></struct></value>', new Map<string, XmlRpcValue>([['a', 1], ['b', '2']])],
    ['<value><string><![CDATA[<b>&amp;]]>&lt;&#233;&#x1F600;</string></value>', '<b>&amp;<é😀'],
    ['<value><string>a<!-- no -->b</string></value>', 'ab'],
  ])('%s', (text, value) => { expect(one(text)).toEqual(value); });

  test('and calls without parameters', () => {
    expect(parse('<methodCall><methodName> system.version </methodName></methodCall>')).toEqual({ method: 'system.version', params: [] });
  });
  test('and other encodings, when the document names them', () => {
    const latin = call('<value>é</value>').replace("version='1.0'", "version='1.0' encoding='iso-8859-1'");
    expect(parseCall(Buffer.from(latin, 'latin1')).params).toEqual(['é']);
  });
});

describe('refuses what is none', () => {
  const noCall = [-32600, 'Unable to decode request'];
  const unreadable = [-32603, 'Unable to decode request'];
  test.each(['<a/>', '<methodResponse><params/></methodResponse>', '<methodCall/>', '<methodCall><params/><methodName>m</methodName></methodCall>', '<methodCall><methodName>m</methodName><methodName>n</methodName></methodCall>'])('no call: %s', (text) => {
    expect(refused(text)).toEqual(noCall);
  });
  test.each([
    'a', '<methodCall>', '<methodCall><methodName>m</methodName></methodCall', '{}', '\0', '<?xml version="1.0" encoding="nonsense"?><methodCall><methodName>m</methodName></methodCall>',
    '<!DOCTYPE a [<!ENTITY b "c">]><methodCall><methodName>&b;</methodName></methodCall>', '<!DOCTYPE methodCall SYSTEM "file:///etc/passwd"><methodCall><methodName>m</methodName></methodCall>',
    '<methodCall><methodName>&b;</methodName></methodCall>', '<methodCall><methodName><b/></methodName></methodCall>',
    ...[
      '<int>1</int>', '<value><int/></value>', '<value><int>1.5</int></value>', '<value><int>2147483648</int></value>', '<value><i8>9223372036854775808</i8></value>', '<value><int>1</int><int>2</int></value>',
      '<value>a<int>1</int></value>', '<value><int>1</int>a</value>', '<value><boolean>true</boolean></value>', '<value><nil>a</nil></value>', '<value><double>1,5</double></value>', '<value><double>0x1</double></value>',
      '<value><dateTime.iso8601>yesterday</dateTime.iso8601></value>', '<value><dateTime.iso8601>20260231T10:00:00</dateTime.iso8601></value>', '<value><base64>a</base64></value>', '<value><base64>!!!!</base64></value>',
      '<value><array/></value>', '<value><array><data><int>1</int></data></array></value>', '<value><array><data/><data/></array></value>', '<value><struct><member><name>a</name></member></struct></value>',
      '<value><struct><member><value>a</value></member></struct></value>', '<value><struct><name>a</name></struct></value>', '<value><constructor>1</constructor></value>', '<value><__proto__>1</__proto__></value>', '',
    ].map(call),
  ])('broken: %s', (text) => { expect(refused(text)).toEqual(unreadable); });

  test('bytes that are no UTF-8', () => { expect(refused(Buffer.from([0x3c, 0xff, 0xfe, 0x3e]))).toEqual(unreadable); });
  test('what is beyond the limits', () => {
    const deep = (n: number) => call(`${'<value><array><data>'.repeat(n)}${'</data></array></value>'.repeat(n)}`);
    expect(parse(deep(64)).params).toHaveLength(1);
    expect(refused(deep(65))).toEqual(unreadable);
    expect(refused(deep(100_000))).toEqual(unreadable);
    const many = call(`<value><array><data>${'<value/>'.repeat(50)}</data></array></value>`);
    expect(refused(many, { values: 50 })).toEqual(unreadable);
    expect(refused(many, { size: 100 })).toEqual(unreadable);
  });
  test('whatever the bytes, with a fault and nothing else', () => {
    const tags = fc.constantFrom('<methodCall>', '</methodCall>', '<methodName>', 'm', '</methodName>', '<params>', '<param>', '</param>', '</params>', '<value>', '</value>', '<int>', '1', '</int>', '<struct>', '</struct>', '<array>', '<data>', '</data>', '</array>', '<member>', '<name>', '</name>', '</member>', '&', '<!--', '-->', ']]>', '<?a?>', '\u0001', ' ');
    fc.assert(fc.property(fc.array(tags, { maxLength: 20 }).map((parts) => parts.join('')), (text) => {
      try {
        parse(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }), { numRuns: 3000, seed: 3 });
  });
});

describe('writes as Python does', () => {
  test('a fault', () => {
    expect(writeFault(new Fault(404, "Job 'abc' was not found.")).toString()).toBe(`<?xml version='1.0'?>
<methodResponse>
<fault>
<value><struct>
<member>
<name>faultCode</name>
<value><int>404</int></value>
</member>
<member>
<name>faultString</name>
<value><string>Job 'abc' was not found.</string></value>
</member>
</struct></value>
</fault>
</methodResponse>
`);
  });
  test('what XML cannot hold is replaced', () => { expect(writeResponse('a\0\u001b[1m\ud800<&>').toString()).toContain('<string>a\ufffd\ufffd[1m\ufffd&lt;&amp;&gt;</string>'); });
  test('members that are undefined are left out', () => { expect(writeResponse({ a: undefined }).toString()).not.toContain('member'); });
  test('integers beyond 32 bits are i8, and beyond 64 bits a fault', () => {
    expect(writeResponse(2 ** 31).toString()).toContain('<i8>2147483648</i8>');
    expect(writeResponse(-(2 ** 31)).toString()).toContain('<int>-2147483648</int>');
    expect(() => writeResponse(2n ** 63n)).toThrow(Fault);
  });
});

const python = `
import json, sys, xmlrpc.client
for line in sys.stdin:
    text = json.loads(line)
    values, _ = xmlrpc.client.loads(text)
    print(json.dumps([xmlrpc.client.dumps(tuple(values), methodresponse=True, allow_none=True), xmlrpc.client.dumps(tuple(values), methodname='m', allow_none=True)]))
`;

test('Python reads what is written here and writes the same; what it sends is read as it was', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', ' ', '<', '&', '>', "'", '"', 'é', '😀', '\n', '\t', ']]>', '\u0085') });
  const { value } = fc.letrec<{ value: XmlRpcValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.constant(null), fc.boolean(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), text,
      fc.double({ noNaN: true }).map((n) => new Double(n)),
      fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((d) => new Date(Math.floor(d.getTime() / 1000) * 1000)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)), fc.array(tie('value'), { maxLength: 5 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map((members) => new Map(members))),
  }));
  const values = fc.sample(value, { numRuns: 600, seed: 5 });
  const run = spawnSync('python3', ['-c', python], { input: values.map((v) => `${JSON.stringify(writeResponse(v).toString())}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
  expect(run.stderr).toBe('');
  const answers = run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as [response: string, request: string]);
  expect(answers).toHaveLength(values.length);
  for (const [n, [response, request]] of answers.entries()) {
    expect(response).toBe(writeResponse(values[n]!).toString());
    expect(parse(request).params).toEqual([values[n]]);
  }
});
