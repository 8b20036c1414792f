import { describe, expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { checkJob, splitMultinode, type Mapping } from './index.ts';

const text = `job_name: pair
visibility: public
priority: high
timeouts: {job: {minutes: 10}}
metadata: {build: '7'}
secrets: {TOKEN: abc}
notify: {criteria: {status: finished}}
reboot_to_fastboot: false
protocols:
  lava-multinode:
    timeout: {seconds: 60}
    roles:
      server: {device_type: qemu, count: 1, context: {arch: amd64}, tags: [big], essential: true, timeout: {seconds: 5}}
      client: {device_type: beaglebone, count: 2, environment: {A: b}}
      guest: {connection: ssh, count: 2, host_role: server, expect_role: server, request: lava-start}
actions:
- deploy: {to: overlay, role: [server, client]}
- deploy: {to: ssh, role: guest}
- boot: {method: minimal, role: [server]}
- boot: {method: minimal, prompts: ['# '], role: [client]}
- test: {role: [server, client, guest], definitions: []}
`;
const errors = (definition: string) => checkJob(definition).problems.filter((p) => p.severity === 'error').map((p) => p.upstream);
const warnings = (definition: string) => checkJob(definition).problems.filter((p) => p.severity === 'warning').map((p) => p.code);
const edited = (from: string, to: string) => { expect(text).toContain(from); return text.replace(from, to); };

test('roles become jobs, role by role', () => {
  expect(errors(text)).toEqual([]);
  const members = splitMultinode(loadYaml(text) as Mapping, { targetGroup: 'a-uuid', firstId: 12 });
  expect(members.map(({ role, subId, needsDevice, hostRole, essential }) => [role, subId, needsDevice, hostRole, essential])).toEqual([
    ['server', '12.0', true, undefined, true], ['client', '12.1', true, undefined, false], ['client', '12.2', true, undefined, false],
    ['guest', '12.3', false, 'server', false], ['guest', '12.4', false, 'server', false],
  ]);
  const common = {
    job_name: 'pair', timeouts: { job: { minutes: 10 } }, priority: 'high', visibility: 'public', notify: { criteria: { status: 'finished' } },
    metadata: { build: '7' }, reboot_to_fastboot: false, secrets: { TOKEN: 'abc' },
  };
  const group = { target_group: 'a-uuid', group_size: 5, timeout: { seconds: 60 } };
  expect(members[0]!.definition).toEqual({
    ...common, device_type: 'qemu', context: { arch: 'amd64' },
    protocols: { 'lava-multinode': { ...group, role: 'server', sub_id: 0, tags: ['big'], essential: true } },
    actions: [{ deploy: { to: 'overlay', role: 'server' } }, { boot: { method: 'minimal', role: 'server' } }, { test: { role: 'server', definitions: [] } }],
  });
  expect(members[2]!.definition).toEqual({
    ...common, device_type: 'beaglebone',
    protocols: { 'lava-multinode': { ...group, role: 'client', sub_id: 2, environment: { A: 'b' } } },
    actions: [{ deploy: { to: 'overlay', role: 'client' } }, { boot: { method: 'minimal', prompts: ['# '], role: 'client' } }, { test: { role: 'client', definitions: [] } }],
  });
  expect(members[4]!.definition).toEqual({
    ...common, connection: 'ssh', host_role: 'server',
    protocols: { 'lava-multinode': { ...group, role: 'guest', sub_id: 4, expect_role: 'server', request: 'lava-start' } },
    actions: [{ deploy: { to: 'ssh', role: 'guest' } }, { test: { role: 'guest', definitions: [] } }],
  });
});

test('a job without roles has no members', () => {
  expect(splitMultinode({ job_name: 'a', actions: [] }, { targetGroup: 'a', firstId: 1 })).toEqual([]);
});

test('names are compared exactly', () => {
  const definition = { protocols: { 'lava-multinode': { roles: { client: { device_type: 'a', count: 1 }, client2: { device_type: 'a', count: 1 } } } }, actions: [{ deploy: { to: 'overlay', role: 'client2' } }] };
  expect(splitMultinode(definition, { targetGroup: 'a', firstId: 1 }).map(({ definition: one }) => (one['actions'] as unknown[]).length)).toEqual([0, 1]);
});

describe('what is refused', () => {
  test.each([
    ['a block without role', 'method: minimal, role: [server]', 'method: minimal', "Invalid YAML - Did not find a role in action 'boot', check for consistent use of whitespace indents."],
    ['two hosts', 'device_type: qemu, count: 1', 'device_type: qemu, count: 2', 'The count for a role designated as a host_role must be 1.'],
    ['a role without blocks', '      guest:', '      idle: {device_type: qemu, count: 1}\n      guest:', "No action for the role 'idle'"],
    ['a count in words', 'beaglebone, count: 2', 'beaglebone, count: two', "invalid value or type (must have a partial ordering) for dictionary value @ data['protocols']['lava-multinode']['roles']['client']['count']"],
    ['a fraction', 'beaglebone, count: 2', 'beaglebone, count: 1.5', "expected int for dictionary value @ data['protocols']['lava-multinode']['roles']['client']['count']"],
    ['no count', 'beaglebone, count: 2', 'beaglebone', "required key not provided @ data['protocols']['lava-multinode']['roles']['client']['count']"],
    ['no type', 'device_type: beaglebone, ', '', "required key not provided @ data['protocols']['lava-multinode']['roles']['client']['device_type']"],
    ['one device for two', 'beaglebone, count: 2', 'beaglebone, count: 2, device: bb01', 'lava-multinode roles using a specific device must set count to 1.'],
    ['a device for a guest', 'connection: ssh, ', 'connection: ssh, device: qemu01, ', 'lava-multinode connection roles cannot specify device or worker.'],
    ['a guest with a device type', 'connection: ssh, ', 'connection: ssh, device_type: qemu, ', 'lava-multinode protocol cannot support device_type and connection for a single role.'],
    ['an unknown host', 'host_role: server', 'host_role: sever', "'host_role' 'sever' does not exist"],
    ['a host that is a mapping', 'host_role: server', 'host_role: {a: 1}', "'host_role' '{'a': 1}' does not exist"],
    ['a host and nothing to wait for', ', expect_role: server', '', "'expect_role' is required when 'host_role' is used"],
    ['waiting for nobody', 'expect_role: server', 'expect_role: nobody', "'expect_role' 'nobody' does not exist"],
    ['waiting without a host', 'host_role: server, ', '', "'expect_role' without 'host_role'"],
    ['a guest of nobody', 'host_role: server, expect_role: server, ', '', 'connection specified without a host_role'],
    ['a crowd', 'beaglebone, count: 2', 'beaglebone, count: 100000', "value must be at most 1000 @ data['protocols']['lava-multinode']['roles']"],
  ])('%s', (_, from, to, upstream) => {
    expect(errors(edited(from, to))).toContain(upstream);
  });
  test('by the split too', () => {
    const definition = { protocols: { 'lava-multinode': { roles: { a: { device_type: 'a', count: 1e9 } } } }, actions: [] };
    expect(() => splitMultinode(definition, { targetGroup: 'a', firstId: 1 })).toThrow(RangeError);
  });
});

test('what is surely not meant', () => {
  expect(warnings(edited('role: [server, client, guest]', 'role: [server, client, guest, gest]'))).toEqual(['unknown-role']);
  expect(warnings(edited('priority: high', 'tags: [big]'))).toEqual(['ignored-key']);
});
