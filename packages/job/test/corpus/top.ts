import { classic as boots } from './boot.ts';
import { classic as deploys } from './deploy.ts';
import { classic as tests } from './test.ts';

// Whole jobs that are valid, by name; the groups are those of `deploy.ts`.

export const base = { job_name: 'a job', device_type: 'qemu', visibility: 'public', timeouts: { job: { minutes: 30 } } };

const actions = [{ deploy: deploys['tmpfs'] }, { boot: boots['qemu'] }, { test: tests['inline'] }];
const criteria = { status: 'finished' };
const role = (more: object = {}) => ({ device_type: 'qemu', count: 1, ...more });
const { device_type: _, ...noType } = base;
const inRoles = actions.map((action) => Object.fromEntries(Object.entries(action).map(([kind, block]) => [kind, { ...block, role: ['server', 'client'] }])));

export const classic: Readonly<Record<string, object>> = {
  'bare': { ...base, actions: [] },
  'three blocks': { ...base, actions },
  'all keys': {
    ...base, priority: 'high', tags: ['a', 'b'], secrets: { TOKEN: 'abc' }, environment: { A: 'b', C: [1, 2] }, metadata: { build: '1' }, reboot_to_fastboot: false,
    context: { arch: 'amd64', extra_options: ['-a', 1], no_kvm: true }, notify: { criteria }, actions,
  },
  'timeouts': { ...base, timeouts: { job: { hours: 1, skip: false }, action: { minutes: 5 }, actions: { 'http-download': { seconds: 30 } }, connection: { seconds: 10 }, connections: { 'lava-test-shell': { seconds: 10 } }, queue: { days: 1 } }, actions },
  'priority': { ...base, priority: 70, actions },
  'personal': { ...base, visibility: 'personal', actions },
  'groups': { ...base, visibility: { group: ['developers'] }, actions },
  'notify': {
    ...base, actions,
    notify: {
      criteria: { status: 'complete', type: 'progression' }, verbosity: 'verbose',
      recipients: [{ to: { method: 'email', user: 'a', email: 'a@example.org' } }, { to: { method: 'irc', handle: 'b', server: 'irc.example.org' } }],
      callback: { url: 'https://example.org', method: 'POST', token: 'a', dataset: 'all', 'content-type': 'json' },
      compare: { query: { username: 'a', name: 'b' }, blacklist: ['c'] },
    },
  },
  'callbacks': { ...base, actions, notify: { criteria: { status: 'all' }, callbacks: [{ url: 'https://example.org' }, { url: 'https://example.org', header: 'PRIVATE' }], compare: { query: { entity: 'testjob', conditions: { testjob__state: 'x' } } } } },
  'dependency': { ...base, actions, notify: { criteria: { ...criteria, dependency_query: 'a' } } },
  'namespaces': { ...base, actions: actions.map((action) => Object.fromEntries(Object.entries(action).map(([kind, block]) => [kind, { ...block, namespace: 'a' }]))) },
  'xnbd': { ...base, actions, protocols: { 'lava-xnbd': { port: 'auto', timeout: { seconds: 5 } } } },
  'xnbd, a port': { ...base, actions, protocols: { 'lava-xnbd': { port: 55950 } } },
  'multinode': { ...noType, actions: inRoles, protocols: { 'lava-multinode': { timeout: { minutes: 1 }, roles: { server: role(), client: role({ count: 2, context: { arch: 'arm64' }, tags: ['a'], environment: { A: 1 }, essential: true, timeout: { minutes: 2 } }) } } } },
  'connections': { ...noType, actions: inRoles, protocols: { 'lava-multinode': { roles: { server: role(), client: { connection: 'ssh', count: 3, host_role: 'server', expect_role: 'server', request: 'lava-start', essential: false, tags: ['a'], timeout: { minutes: 1 }, context: { arch: 'arm64' } } } } } },
  'command': { ...base, actions: [{ command: { name: 'hard_reset' } }] },
};

export const newer: Readonly<Record<string, object>> = {
  'pins': { ...base, device: 'qemu01', worker: 'worker01', actions },
  'no network': { ...base, context: { no_network: true, deploy_character_delay: 5 }, actions },
  'pinned roles': { ...noType, actions: inRoles, protocols: { 'lava-multinode': { roles: { server: role({ device: 'qemu01' }), client: role({ worker: 'worker01' }) } } } },
};

/** Valid with keys that LAVA's published schema does not have. */
export const beyond: Readonly<Record<string, object>> = {
  'retried after troubles of the lab': { ...base, actions, retry: {} },
  'retried for some reasons': { ...base, actions, retry: { count: 3, reasons: ['Infrastructure', 'login-timeout', 'download-*'], delay: { minutes: 5 } } },
  'never retried': { ...base, actions, retry: { count: 0 } },
};
