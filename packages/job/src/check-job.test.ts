import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dumpYaml } from '@lava/yaml';
import { checkJob, type Problem } from './index.ts';

const good = `job_name: first light
device_type: qemu
visibility: public
priority: medium
context: {arch: amd64}
timeouts:
  job: {minutes: 10}
  action: {minutes: 5}
actions:
- deploy:
    to: tmpfs
    os: debian
    images:
      kernel: {url: "http://localhost/vmlinuz", image_arg: "-kernel {kernel}"}
- boot:
    method: qemu
    prompts: ["/ # "]
    auto_login: {login_prompt: "login:", username: root}
- test:
    definitions:
    - from: inline
      name: smoke
      path: inline/smoke.yaml
      repository:
        metadata: {format: Lava-Test Test Definition 1.0, name: smoke}
        run: {steps: [lava-test-case a --result pass]}
`;

/** The good definition with one text replaced. */
function edited(from: string, to: string): readonly Problem[] {
  expect(good).toContain(from);
  return checkJob(good.replace(from, to)).problems;
}
const errors = (problems: readonly Problem[]) => problems.filter((p) => p.severity === 'error');

test('a good definition has no problems', () => {
  const { problems, definition } = checkJob(good);
  expect(problems).toEqual([]);
  expect(definition).toMatchObject({ job_name: 'first light', timeouts: { job: { minutes: 10 } } });
});

describe('errors say what LAVA says at submission', () => {
  const cases: [name: string, from: string, to: string, upstream: string, line: number, column: number][] = [
    ['no job_name', 'job_name: first light\n', '', "required key not provided @ data['job_name']", 1, 1],
    ['wrong type', 'job_name: first light', 'job_name: 5', "expected str for dictionary value @ data['job_name']", 1, 11],
    ['a date for a text', 'job_name: first light', 'job_name: 2024-01-01', "expected str for dictionary value @ data['job_name']", 1, 11],
    ['an empty text', 'job_name: first light', 'job_name: ""', "length of value must be at least 1 for dictionary value @ data['job_name']", 1, 11],
    ['too long', 'first light', 'x'.repeat(201), "length of value must be at most 200 for dictionary value @ data['job_name']", 1, 11],
    ['visibility', 'visibility: public', 'visibility: secret', "not a valid value for dictionary value @ data['visibility']", 3, 13],
    ['visibility group', 'visibility: public', 'visibility: {group: a}', "expected a list for dictionary value @ data['visibility']['group']", 3, 21],
    ['priority word', 'priority: medium', 'priority: urgent', "not a valid value for dictionary value @ data['priority']", 4, 11],
    ['priority number', 'priority: medium', 'priority: 101', 'Invalid job priority: 101. Should be in [0, 100]', 4, 11],
    ['a number for a timeout', 'job: {minutes: 10}', 'job: 10', "expected a dictionary for dictionary value @ data['timeouts']['job']", 7, 8],
    ['two units', 'job: {minutes: 10}', 'job: {minutes: 10, hours: 1}', "two or more values in the same group of exclusion 'timeout_unit' @ data['timeouts']['job'][<timeout_unit>]", 7, 3],
    ['a float', 'job: {minutes: 10}', 'job: {minutes: 10.0}', "expected int for dictionary value @ data['timeouts']['job']['minutes']", 7, 18],
    ['an action name', 'job: {minutes: 10}', 'actions: {http_download: {minutes: 1}}\n  job: {minutes: 10}', "extra keys not allowed @ data['timeouts']['actions']['http_download']", 7, 13],
    ['a context variable', '{arch: amd64}', '{foo: bar}', "extra keys not allowed @ data['context']['foo']", 5, 11],
    ['tags', 'priority: medium', 'tags: a', "expected a list for dictionary value @ data['tags']", 4, 7],
    ['a tag', 'priority: medium', 'tags: [a, 1]', "expected str @ data['tags'][1]", 4, 11],
    ['an unknown key', 'priority: medium', 'prority: medium', "extra keys not allowed @ data['prority']", 4, 1],
    ['a key that is a number', 'priority: medium', '1: medium', 'extra keys not allowed @ data[1]', 4, 1],
    ['a removed protocol', 'priority: medium', 'protocols: {lava-lxc: {}}', "extra keys not allowed @ data['protocols']['lava-lxc']", 4, 13],
    ['deploy without to', 'to: tmpfs', 'too: tmpfs', "required key not provided @ data['actions'][0]['deploy']['to']", 10, 3],
    ['boot without method', 'method: qemu', 'methods: qemu', "required key not provided @ data['actions'][1]['boot']['method']", 15, 3],
    ['a test of nothing', 'definitions:', 'definition:', "required key not provided @ data['actions'][2]['test']['monitors']", 19, 3],
    ['a command without name', '- boot:', '- command: {}\n- boot:', "required key not provided @ data['actions'][1]['command']['name']", 15, 3],
    ['an unknown block', '- boot:', '- reboot: {}\n- boot:', "extra keys not allowed @ data['actions'][1]['reboot']", 15, 3],
    ['an inline definition with params', 'run: {steps', 'params: {a: b}\n        run: {steps', "extra keys not allowed @ data['actions'][2]['test']['definitions'][0]['repository']['params']", 26, 9],
    ['shallow and revision', 'from: inline', 'from: git\n      revision: abc\n      shallow: true', "When 'revision' is used, 'shallow' shouldn't be 'True'", 23, 16],
    ['no device type', 'device_type: qemu\n', '', "required key not provided @ data['device_type']", 1, 1],
    ['a monitor with a dot', '- test:\n    definitions:', '- test:\n    monitors: [{name: a.b, start: a, end: b, pattern: c}]\n- test:\n    definitions:', "Invalid character for dictionary value @ data['actions'][2]['test']['monitors'][0]['name']", 20, 23],
    ['a host role that is not there', 'priority: medium', 'protocols: {lava-multinode: {roles: {a: {connection: ssh, count: 1, host_role: b, expect_role: a}}}}', "'host_role' 'b' does not exist", 4, 80],
  ];
  for (const [name, from, to, upstream, line, column] of cases) {
    test(name, () => {
      const found = errors(edited(from, to));
      expect(found.map((p) => p.upstream)).toContain(upstream);
      expect(found.find((p) => p.upstream === upstream)).toMatchObject({ line, column });
      expect(found[0]!.message).not.toBe('');
    });
  }
});

describe('LAVA takes at submission, and so do we', () => {
  const cases: [name: string, from: string, to: string, warnings: string[]][] = [
    ['an unknown deploy method', 'to: tmpfs', 'to: tmpf', ['unknown-method']],
    ['an unknown boot method', 'method: qemu', 'method: moon', ['unknown-method']],
    ['a method with the keys of another', 'to: tmpfs', 'to: tftp', ['missing-key', 'unknown-key']],
    ['no method of its own', 'to: tmpfs', 'to: overlay\n    role: [a]', ['unknown-key']],
    ['unknown keys in a block', 'os: debian', 'oss: debian', ['unknown-key']],
    ['images without a url', 'url: "http', 'urls: "http', ['unknown-key']],
    ['wrong prompts', 'prompts: ["/ # "]', 'prompts: 5', ['wrong-type']],
    ['no prompts', 'prompts: ["/ # "]', 'prompts: []', ['too-short']],
    ['a prompt that is always there', 'prompts: ["/ # "]', 'prompts: ["/ # ", ".*"]', ['prompt-matches-all']],
    ['a prompt that JavaScript cannot read', 'prompts: ["/ # "]', 'prompts: ["(?P<a>#)", "(?i)#"]', []],
    ['a long timeout', 'to: tmpfs', 'to: tmpfs\n    timeout: {hours: 1}', ['timeout-too-long']],
    ['retries of both kinds', 'to: tmpfs', 'to: tmpfs\n    repeat: 2\n    failure_retry: 2', ['repeat-and-retry']],
    ['some namespaces', 'to: tmpfs', 'to: tmpfs\n    namespace: a', ['namespace-missing', 'namespace-missing', 'no-deploy']],
    ['a test without boot', '- boot:', '- deploy:\n    to: overlay\n- boot:\n    namespace: other', ['namespace-missing', 'namespace-missing', 'namespace-missing', 'no-boot']],
    ['a key twice', 'priority: medium', 'priority: medium\npriority: low', ['duplicate-key']],
    ['an unknown source of a definition', 'from: inline', 'from: bzr', ['wrong-value']],
    ['a reserved name', 'name: smoke\n', 'name: lava\n', ['reserved-name']],
    ['metadata with numbers for keys', 'priority: medium', 'metadata: {1: a, b: [1]}', []],
    ['any secrets', 'priority: medium', 'secrets: {a: 1}', []],
    ['a retry of zero', 'to: tmpfs', 'to: tmpfs\n    failure_retry: 0', []],
    ['zero minutes', 'action: {minutes: 5}', 'action: {minutes: 0}', ['timeout-zero']],
  ];
  for (const [name, from, to, warnings] of cases) {
    test(name, () => {
      const problems = edited(from, to);
      expect(errors(problems)).toEqual([]);
      expect(problems.map((p) => p.code).sort()).toEqual([...warnings].sort());
      for (const p of problems) expect(p).toMatchObject({ line: expect.any(Number), column: expect.any(Number), endColumn: expect.any(Number) });
    });
  }
});

test('unknown keys come with what was meant', () => {
  expect(edited('job_name:', 'jobname:').find((p) => p.code === 'unknown-key')!.hint).toBe('Did you mean "job_name"?');
  expect(edited('arch:', 'archs:')[0]!.hint).toBe('Did you mean "arch"?');
  expect(edited('to: tmpfs', 'to: tmpf')[0]!.hint).toBe('Did you mean "tmpfs"?');
});

test('all errors come at once', () => {
  const { problems, definition } = checkJob('job_name: 1\nvisibility: x\ntimeouts: {job: 5}\nactions: {}\nfoo: 1\n');
  expect(errors(problems).map((p) => p.path.join('.'))).toEqual(['job_name', 'visibility', 'timeouts.job', 'actions', 'foo', 'device_type']);
  expect(definition).toBeUndefined();
});

describe('texts that are no definition', () => {
  for (const [name, text, code] of [
    ['nothing', '', 'not-a-mapping'], ['a list', '- a', 'not-a-mapping'], ['a word', 'hello', 'not-a-mapping'], ['broken YAML', 'a: [', 'yaml-syntax'],
    ['two documents', 'a: 1\n---\nb: 1\n', 'yaml-second-document'], ['2 MB', `a: ${'x'.repeat(2_000_000)}`, 'yaml-too-long'],
    ['an alias bomb', `a: &a [x]\n${Array.from({ length: 40 }, (_, i) => `k${i}: &k${i} [${Array(9).fill(i ? `*k${i - 1}` : '*a').join()}]\n`).join('')}`, 'yaml-alias-bomb'],
  ] as const) {
    test(name, () => {
      const { problems, definition } = checkJob(text);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ severity: 'error', code, upstream: expect.any(String) });
      expect(definition).toBeUndefined();
    });
  }
});

describe('whatever is submitted', () => {
  const keys = ['job_name', 'timeouts', 'job', 'actions', 'deploy', 'to', 'tmpfs', 'images', 'boot', 'method', 'qemu', 'test', 'definitions', 'repository', 'visibility', 'context', 'notify', 'protocols', 'lava-multinode', 'roles', 'a', '__proto__', 'constructor', 'minutes', 'prompts', 'device_type', 'priority', 'interactive', 'script'];
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 7 },
      fc.oneof(fc.constantFrom(...keys), fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom('2024-01-01', 'public', 'qemu', 'tmpfs')),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom(...keys), tie('value')), { maxLength: 6 }).map((pairs) => new Map(pairs)),
    ),
  }));
  test('there are problems or a definition, never an exception', () => {
    fc.assert(fc.property(value, (v) => {
      const { problems, definition } = checkJob(dumpYaml(v));
      expect(definition === undefined).toBe(problems.some((p) => p.severity === 'error'));
      for (const p of problems.filter((one) => one.code !== 'not-a-mapping' && one.code !== 'more-problems')) expect(p.line).toBeGreaterThan(0);
    }), { numRuns: 1500, seed: 1 });
  });
  test('any value may stand anywhere in a good definition', () => {
    const paths = ['first light', 'public', 'medium', '{arch: amd64}', '{minutes: 10}', 'tmpfs', '["/ # "]', '{login_prompt: "login:", username: root}', 'qemu', 'inline', 'smoke', '{steps: [lava-test-case a --result pass]}'];
    fc.assert(fc.property(fc.constantFrom(...paths), fc.json({ maxDepth: 3 }), (from, json) => {
      const { problems, definition } = checkJob(good.replace(from, () => json));
      expect(definition === undefined).toBe(problems.some((p) => p.severity === 'error'));
    }), { numRuns: 1500, seed: 2 });
  });
  const many = (count: number, piece: (i: number) => string) => Array.from({ length: count }, (_, i) => piece(i)).join('');
  const start = 'job_name: x\ndevice_type: q\nvisibility: public\ntimeouts: {job: {seconds: 1}}\n';
  for (const [name, text] of Object.entries({
    'unknown keys': many(80_000, (i) => `key${i}: 1\n`), 'one key': many(170_000, () => 'kx: 1\n'), tags: `${start}actions: []\ntags: [${'1,'.repeat(400_000)}]`, actions: `${start}actions: [${'a,'.repeat(300_000)}]`,
    'context values': `${start}actions: []\ncontext: {arch: [${'{},'.repeat(300_000)}]}`, methods: `${start}actions:\n${many(30_000, (i) => `- boot: {method: qemx${i}}\n`)}`, timeouts: `${start}actions:\n${'- boot: {method: qemu, timeout: {hours: 1}}\n'.repeat(20_000)}`,
  })) {
    test(`many problems are cut short: ${name}`, { timeout: 10_000 }, () => {
      const { problems } = checkJob(text);
      expect(problems).toHaveLength(101);
      expect(problems.at(-1)).toMatchObject({ code: 'more-problems' });
    });
  }
  test('a thousand warnings hide no error', () => {
    const { problems } = checkJob(`${start}actions:\n${'- deploy: {to: tmpfs, images: 5}\n'.repeat(5000)}- boot: {}\n`);
    expect(errors(problems).map((p) => p.path)).toEqual([['actions', 5000, 'boot', 'method']]);
  });
});
