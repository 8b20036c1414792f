import { describe, expect, test } from 'vitest';
import { checkJob, validateJob } from './index.ts';
import { broken, valid } from '../test/corpus/corpus.ts';
import { upstream, upstreamVerdicts } from '../test/upstream.ts';

const samples = { classic: valid('classic'), newer: valid('newer'), beyond: valid('beyond'), whole: valid('whole') };
const text = (job: unknown) => JSON.stringify(job);

describe('valid definitions', () => {
  test('there are many, over all methods', () => {
    expect(Object.values(samples).flat().length).toBeGreaterThanOrEqual(250);
  });
  test.each([...samples.classic, ...samples.newer, ...samples.whole])('$name', ({ job }) => {
    expect(validateJob(text(job), { strict: true })).toBeUndefined();
    expect(validateJob(text(job))).toBeUndefined();
    expect(checkJob(text(job)).problems.filter((p) => p.severity === 'error')).toEqual([]);
  });
  test.each(samples.beyond)('not in the strict form: $name', ({ job }) => {
    expect(validateJob(text(job), { strict: true })).toBeDefined();
    expect(validateJob(text(job))).toBeUndefined();
    expect(checkJob(text(job)).problems.filter((p) => p.severity === 'error')).toEqual([]);
  });
});

const job = (more: object, actions: readonly object[] = []) => text({ job_name: 'a', device_type: 'qemu', visibility: 'public', timeouts: { job: { minutes: 30 } }, actions, ...more });
const timeouts = (more: object) => ({ timeouts: { job: { minutes: 30 }, ...more } });
const overlay = (more: object = {}) => ({ deploy: { to: 'overlay', ...more } });
const multinode = { device_type: undefined, protocols: { 'lava-multinode': { roles: { a: { device_type: 'qemu', count: 2 } } } } };

describe('first errors of the published schema', () => {
  test.each<[definition: string, strict: string, lax?: string]>([
    [job({ job_name: undefined }), "required key not provided @ ['job_name']"],
    [job({ job_name: 5 }), "expected str @ ['job_name']"],
    [job({ job_name: 'x'.repeat(201) }), "length of value must be at most 200 @ ['job_name']"],
    [job({ visibility: 'secret' }), "not a valid value @ ['visibility']"],
    [job({ priority: 101 }), "not a valid value @ ['priority']"],
    [job({ timeouts: { job: 10 } }), "expected a dictionary @ ['timeouts', 'job']"],
    [job({ timeouts: { job: { days: 1, minutes: 1 } } }), "extra keys not allowed @ ['timeouts', 'job', 'minutes']", 'valid'],
    [job({ timeouts: { job: { minuts: 1 } } }), "extra keys not allowed @ ['timeouts', 'job', 'minuts']", "required key not provided @ ['timeouts', 'job', 'days']"],
    [job(timeouts({ actions: { http_download: { minutes: 1 } } })), 'valid'],
    [job({ context: { foo: 'bar' } }), "extra keys not allowed @ ['context', 'foo']", "extra keys not allowed @ ['context', 'foo']"],
    [job({ tags: 'a' }), "expected a list @ ['tags']"],
    [job({ bogus: 1 }), "extra keys not allowed @ ['bogus']", 'valid'],
    [job({ device_type: '' }), "length of value must be at least 1 @ ['device_type']"],
    [job({}, [{ deploy: {} }]), "unknown action type @ ['actions', 'deploy', '']"],
    [job({}, [{ deploy: { to: 'moon' } }]), "unknown action type @ ['actions', 'deploy', 'moon']"],
    [job({}, [{ deploy: { to: 'a.b-c' } }]), "unknown action type @ ['actions', 'deploy', 'a', 'b_c']"],
    [job({}, [{ boot: { method: 'u_boot', commands: [] } }]), "'method' should be 'u-boot' @ ['actions[0]', 'boot', 'u_boot', 'method']"],
    [job({}, [{ boot: { method: 5 } }]), "expected str @ ['actions[0]', 'boot', 'method']"],
    [job({}, [{ test: {} }]), "invalid action @ ['actions[0]', 'test']"],
    [job({}, [{ command: {} }]), "required key not provided @ ['actions[0]', 'command', 'name']"],
    [job({}, [{ command: { name: 'a', failure_retry: 0 } }]), "value must be at least 1 @ ['actions[0]', 'command', 'failure_retry']"],
    [job({}, [{ command: { name: 'a', repeat: 'x' } }]), "invalid value or type (must have a partial ordering) @ ['actions[0]', 'command', 'repeat']"],
    [job({}, [{ reboot: {} }]), "extra keys not allowed @ ['actions', 0, 'reboot']", "invalid action @ ['actions[0]', 'reboot']"],
    [job({}, [{}]), "invalid action @ ['actions[0]', '']"],
    [job({}, [overlay({ namespace: 'common' })]), "'common' and 'docker-test-shell' are reserved namespace names @ ['actions[0]', 'deploy', 'overlay', 'namespace']"],
    [job({}, [overlay({ namespace: 'a' }), overlay()]), 'When using namespaces, every action should have a namespace @ []'],
    [job(timeouts({ action: { hours: 1 } })), "Global timeout is larger than job timeout @ ['timeouts', 'action']"],
    [job(timeouts({ connections: { a: { hours: 1 } } })), "Global timeout is larger than job timeout @ ['timeouts', 'connections', 'a']"],
    [job({}, [overlay(), overlay({ timeout: { hours: 1 } })]), "Action timeout is larger than job timeout @ ['actions', '1']"],
    [job(timeouts({ queue: { days: 1 } }), [overlay({ timeouts: { a: { hours: 1 } } })]), 'valid'],
    [job({ device_type: undefined }), '"device_type" or multinode should be defined @ []'],
    [job(multinode, [overlay()]), 'Every action of a multinode job should have roles @ []'],
    [job({ ...multinode, device_type: 'qemu' }, [overlay({ role: ['a'] })]), '"device_type" should not be used with multinode @ []'],
    [job({ ...multinode, tags: ['a'] }, [overlay({ role: ['a'] })]), '"tags" should not be used with multinode @ []'],
    [job({ ...multinode, environment: {} }, [overlay({ role: ['a'] })]), 'valid'],
    ['- a', 'expected a dictionary @ []'],
    ['1: a', 'extra keys not allowed @ [1]', "required key not provided @ ['job_name']"],
    ['yes: a', 'extra keys not allowed @ [True]', "required key not provided @ ['job_name']"],
  ])('%s', (definition, strict, lax = strict) => {
    const said = (form: boolean) => { const found = validateJob(definition, { strict: form }); return found ? `${found.msg} @ ${found.path}` : 'valid'; };
    expect([said(true), said(false)]).toEqual([strict, lax]);
  });
  test('broken YAML', () => {
    expect(validateJob('a: [')).toMatchObject({ path: '[]', msg: expect.stringContaining('line') });
  });
  test('variables that the server allows', () => {
    expect(validateJob(job({ context: { foo: 'bar' } }), { contextVariables: ['foo'], strict: true })).toBeUndefined();
  });
});

test('every refusal of a broken definition has its place', { timeout: 120_000 }, () => {
  for (const { name, job: definition } of broken([...samples.classic, ...samples.newer]).filter((_, i) => i % 23 === 0)) {
    const { problems, definition: accepted } = checkJob(text(definition));
    validateJob(text(definition), { strict: true });
    expect(accepted === undefined, name).toBe(problems.some((p) => p.severity === 'error'));
    for (const p of problems) expect(p, name).toMatchObject({ line: expect.any(Number), column: expect.any(Number), message: expect.stringMatching(/./) });
  }
});

interface Difference { readonly form: string; readonly name: string; readonly ours: string; readonly theirs: string }

/** Where ours is meant to differ from the release that Debian 12 has, and why. */
const meant: readonly [reason: string, applies: (difference: Difference) => boolean][] = [
  ['a job without device type and without roles cannot run: LAVA refuses it later', ({ form, name }) => form === 'submit' && name.endsWith('device_type is missing')],
  ['misspelt device_type: as above', ({ form, name, theirs }) => form === 'submit' && name.endsWith('device_type is misspelt') && theirs.includes('device_typex')],
  ['secrets are texts since', ({ name, ours }) => name.includes(', secrets') && ours.includes("['secrets'")],
  ['values of metadata are free since', ({ form, name, ours }) => form === 'submit' && name.includes(', metadata.') && ours === 'valid'],
  ['git-repos may be mappings since', ({ ours }) => ours.includes("'git-repos', ")],
  ['roles are checked at submission since', ({ form, ours }) => form === 'submit' && ours.includes("['lava-multinode']['roles']")],
  ['what cannot be split is refused by the same check', ({ form, ours }) => form === 'submit' && /^(?:Invalid YAML|The count for a role|No action)/.test(ours)],
  ['every role may have "request", "expect_role", "device" and "worker" since', ({ name }) => /roles\.\w+\.(request|expect_role)/.test(name)],
  ['of a test block without a list we say so', ({ form, ours, theirs }) => form === 'submit' && /expected a list for dictionary value @ data\['actions'\]\[\d+\]\['test'\]\['\w+'\]$/.test(ours) && theirs.endsWith("['test']['monitors']")],
  ['of a deploy block we name what is wrong, not that its method is not tftp', ({ form, ours, theirs }) => form === 'submit' && /\['deploy'\]\['timeout'\]/.test(ours) && theirs.endsWith("['deploy']['to']")],
  ['archives need no compression since', ({ name, ours }) => /compression is (?:missing|misspelt)$/.test(name) && ours === 'valid'],
];

describe.skipIf(upstream === undefined)("the same as LAVA's own validators (needs Debian's packages of LAVA, installed or downloadable)", () => {
  // Their validator takes its time; LAVA_CORPUS_STEP=1 compares everything.
  const step = Number(process.env['LAVA_CORPUS_STEP'] ?? 97);
  const start = Number(process.env['LAVA_CORPUS_START'] ?? 0);
  const all = [...samples.classic, ...samples.whole, ...broken(samples.classic).filter((_, i) => i % step === start)];
  test('verdicts and messages', { timeout: 1_200_000 }, () => {
    const verdicts = upstreamVerdicts(all.map(({ job }) => job));
    const report: Difference[] = [];
    const compare = (form: string, name: string, ours: string, theirs: readonly string[]) => {
      // Which of several missing keys Python names first is chance.
      const same = theirs.length === 0 ? ours === 'valid' : ours.startsWith('required key') ? theirs.some((one) => parent(one) === parent(ours)) : theirs[0] === ours;
      if (!same && !theirs[0]?.startsWith('crash')) report.push({ form, name, ours, theirs: theirs[0] ?? 'valid' });
    };
    const parent = (message: string) => message.replace(/(?:, '\w[^']*'|\['[^']*'\])\]?$/, '');
    for (const [i, { name, job }] of all.entries()) {
      const theirs = verdicts[i]!;
      for (const form of ['strict', 'lax'] as const) {
        const ours = validateJob(text(job), { strict: form === 'strict' });
        compare(form, name, ours ? `${ours.msg} @ ${ours.path}` : 'valid', theirs[form].map((words) => words.join(' @ ')));
      }
      const error = checkJob(text(job)).problems.find((p) => p.severity === 'error');
      compare('submit', name, error ? (error.upstream ?? error.message) : 'valid', theirs.submit);
    }
    expect(report.filter((difference) => !meant.some(([, applies]) => applies(difference)))).toEqual([]);
  });
});
