import { spawnSync } from 'node:child_process';
import { YamlDate, YamlFloat, pythonFloat } from '../src/index.ts';

const program = `
import base64, datetime, json, sys
try:
    import yaml
    loader = yaml.CSafeLoader
except (ImportError, AttributeError) as error:
    sys.exit("PyYAML with libyaml is missing (%s)" % error)
def show(v):
    if v is None: return ["null"]
    if isinstance(v, bool): return ["bool", v]
    if isinstance(v, int): return ["int", hex(v)]
    if isinstance(v, float): return ["float", repr(v)]
    if isinstance(v, str): return ["str", v]
    if isinstance(v, bytes): return ["bytes", base64.b64encode(v).decode()]
    if isinstance(v, (datetime.date, datetime.datetime)): return ["date", str(v)]
    if isinstance(v, (list, tuple)): return ["list", [show(x) for x in v]]
    if isinstance(v, set): return ["set", sorted((show(x) for x in v), key=str)]
    if isinstance(v, dict): return ["map", [[show(k), show(x)] for k, x in v.items()]]
    raise TypeError(type(v))
def load(text):
    try: return show(yaml.load(text, Loader=loader))
    except Exception as error: return ["error", " ".join(str(error).split())]
for text in json.load(sys.stdin):
    print(json.dumps(load(text)))
`;

/** A value with its type spelled out, comparable between the languages; `['error', …]` if the text was refused. */
export type Shown = readonly [string, ...unknown[]];

/** What PyYAML's safe loader makes of each text. */
export function pyyaml(texts: readonly string[]): Shown[] {
  const run = spawnSync('python3', ['-c', program], { input: JSON.stringify(texts), encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`these tests compare with PyYAML: apt-get install python3-yaml\n${run.stderr || String(run.error)}`);
  return run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Shown);
}

/** The same spelling for a value that was loaded with `exact`. */
export function show(value: unknown): Shown {
  if (value === null) return ['null'];
  if (typeof value === 'boolean') return ['bool', value];
  if (typeof value === 'number' || typeof value === 'bigint') return ['int', (value < 0 ? '-0x' : '0x') + (value < 0 ? -value : value).toString(16)];
  if (value instanceof YamlFloat) return ['float', pythonFloat(value.value)];
  if (typeof value === 'string') return ['str', value];
  if (value instanceof Uint8Array) return ['bytes', Buffer.from(value).toString('base64')];
  if (value instanceof YamlDate) return ['date', value.text];
  if (Array.isArray(value)) return ['list', value.map(show)];
  if (value instanceof Set) return ['set', [...value].map(show).sort((a, b) => (String(a) < String(b) ? -1 : 1))];
  if (value instanceof Map) return ['map', [...value].map(([k, v]) => [show(k), show(v)])];
  throw new TypeError(`not a YAML value: ${String(value)}`);
}
