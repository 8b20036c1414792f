// Test and command blocks that are valid, by name; the groups are those of `deploy.ts`.

const inline = {
  from: 'inline', name: 'smoke', path: 'inline/smoke.yaml',
  repository: {
    metadata: { format: 'Lava-Test Test Definition 1.0', name: 'smoke', description: 'a', environment: ['a'], devices: ['b'], maintainer: ['c'], scope: ['d'], os: ['e'] },
    install: { deps: ['curl'], 'deps-debian': ['curl'], 'git-repos': ['https://example.org/a.git'], keys: ['a'], sources: ['b'], steps: ['c'] },
    parse: { fixupdict: { PASS: 'pass', FAIL: 'fail' } },
    run: { steps: ['lava-test-case a --result pass'] },
  },
};
const git = { from: 'git', name: 'ltp', repository: 'https://example.org/t.git', path: 'ltp.yaml' };
const monitor = { name: 'tests', start: 'BEGIN', end: 'END', pattern: '(?P<test_case_id>\\w+) (?P<result>\\w+)' };
const script = { name: 'network', prompts: ['=> '], script: [{ command: 'dhcp', name: 'dhcp', successes: [{ message: 'bound' }] }] };

export const classic: Readonly<Record<string, object>> = {
  'inline': { definitions: [inline] },
  'inline, bare': { definitions: [{ ...inline, repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'a' } } }] },
  'inline, signals': { definitions: [{ ...inline, 'lava-signal': 'kmsg', skip_install: ['deps', 'all'] }] },
  'git': { definitions: [git] },
  'git, all keys': { definitions: [{ ...git, branch: 'main', history: false, revision: 'abc', parameters: { A: 1 }, params: { B: 'c' }, skip_install: ['keys'], 'lava-signal': 'stdout' }] },
  'url': { definitions: [{ from: 'url', name: 'a.b', repository: 'https://example.org/t.tar.xz', compression: 'xz', path: 'a.yaml', parameters: { A: 'b' } }] },
  'two': { definitions: [git, inline] },
  'none': { definitions: [] },
  'inline, install': { definitions: [{ ...inline, repository: { ...inline.repository, install: { deps: ['curl', 'jq'], steps: ['make', 'make install'] } } }] },
  'inline, no installation': { definitions: [{ ...inline, skip_install: ['all'] }] },
  'git, a tag': { definitions: [{ ...git, branch: 'v1.2', history: true }] },
  'git, parameters': { definitions: [{ ...git, parameters: { SKIP_INSTALL: 'true', TIMEOUT: 30, LIST: ['a', 'b'] } }] },
  'git, over ssh': { definitions: [{ ...git, repository: 'git@example.org:team/tests.git', path: 'automated/linux/smoke/smoke.yaml' }] },
  'git, no packages': { definitions: [{ ...git, skip_install: ['deps', 'sources', 'keys', 'steps', 'git-repos'] }] },
  'url, gz': { definitions: [{ from: 'url', name: 'a', repository: 'https://example.org/t.tar.gz', compression: 'gz', path: 'a.yaml', skip_install: ['deps'] }] },
  'many': { definitions: ['a', 'b', 'c'].map((name) => ({ ...git, name })), timeout: { minutes: 20, skip: true }, failure_retry: 2 },
  'monitor, measurements': { monitors: [{ ...monitor, pattern: '(?P<test_case_id>\\S+)=(?P<measurement>\\d+) (?P<units>\\w+)' }] },
  'monitor, all results': { monitors: [{ ...monitor, fixupdict: { PASS: 'pass', FAIL: 'fail', SKIP: 'skip', '?': 'unknown' } }], timeout: { minutes: 3 } },
  'interactive, of a bootloader': { interactive: [{ name: 'memory', prompts: ['=> '], echo: 'discard', script: [{ name: 'read', command: 'md 0x1000 4', successes: [{ message: '00001000:' }], failures: [{ message: 'Unknown command', error: 'no md' }] }] }] },
  'interactive, roles that wait': { interactive: [{ ...script, script: [{ 'lava-sync': 'ready' }, { command: 'go', name: 'go', wait_for_prompt: true }, { 'lava-wait': 'done' }] }] },
  'interactive, two': { interactive: [script, { ...script, name: 'again' }] },
  'docker, with downloads': { docker: { image: 'registry.example.org/fastboot:1' }, 'downloads-namespace': 'dut', definitions: [inline] },
  'every block key': { definitions: [git], namespace: 'a', 'connection-namespace': 'b', timeout: { minutes: 1, skip: true }, timeouts: { 'lava-test-shell': { minutes: 1 } }, repeat: 2 },
  'docker': { docker: { image: 'debian:12', local: true, container_name: 'a', network_from: 'b' }, 'downloads-namespace': 'n', definitions: [git] },
  'monitor': { monitors: [monitor, { ...monitor, fixupdict: { PASSED: 'pass' } }] },
  'interactive': { interactive: [script] },
  'interactive, all keys': {
    interactive: [{
      name: 'all', prompts: ['=> ', '# '], echo: 'discard',
      script: [
        { command: null }, { command: '' }, { delay: 5 }, { 'lava-send': 'a' }, { 'lava-wait': 'b' }, { 'lava-wait-all': 'c' }, { 'lava-sync': 'd' },
        { command: 'x', name: 'x', wait_for_prompt: false, successes: [{ message: 'ok' }], failures: [{ message: 'no', exception: 'JobError', error: 'it failed' }, { message: 'nothing' }] },
      ],
    }],
  },
};

export const newer: Readonly<Record<string, object>> = {
  'services': { services: [{ name: 'db', from: 'git', repository: 'https://example.org/s.git', path: 'compose.yaml', service: 'db', branch: 'main' }] },
  'expected': { definitions: [{ ...git, expected: ['a'], recursive: true }, { ...inline, expected: ['a'] }] },
  'url without compression': { definitions: [{ from: 'url', name: 'a', repository: 'https://example.org/t.tar', path: 'a.yaml', headers: { A: 'b' }, 'strip-components': 1 }] },
  'docker, no connection': { docker: { image: 'debian' }, disconnect_connection: true, definitions: [git] },
  'monitor, expected': { monitors: [{ ...monitor, expected: ['a'] }] },
  'interactive, expected': { interactive: [{ ...script, expected: ['dhcp'] }] },
  'repositories with branches': { definitions: [{ ...inline, repository: { ...inline.repository, install: { 'git-repos': [{ url: 'https://example.org/a.git', branch: 'b', destination: 'c' }] } } }] },
};

export const beyond: Readonly<Record<string, object>> = {
  'named': { name: 'ltp', definitions: [git] },
  'shallow': { definitions: [{ ...git, shallow: false }] },
  'inline with parameters': { definitions: [{ ...inline, parameters: { A: 'b' } }] },
  'pattern': { definitions: [{ ...inline, repository: { ...inline.repository, parse: { pattern: '(?P<result>\\w+)' } } }] },
};

export const commands: Readonly<Record<string, object>> = {
  'command': { name: 'hard_reset' },
  'command, all keys': { name: 'a', namespace: 'n', timeout: { minutes: 1 }, failure_retry: 2 },
};
