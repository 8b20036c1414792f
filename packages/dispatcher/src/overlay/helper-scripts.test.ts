import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { helperScripts } from './helper-scripts.ts';

// A `#!` line takes one argument at most, and none of busybox's applets may be replaced: ash gets a folder of its own.
const shells = [['dash', '/bin/dash'], ['bash', '/bin/bash'], ['busybox ash', '']] as const;

describe.each(shells)('helper scripts on %s', (_name, interpreter) => {
  let folder: string;
  let shell: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lava-helpers-'));
    shell = interpreter;
    if (shell === '') {
      shell = join(folder, 'ash');
      writeFileSync(shell, '#!/bin/sh\nexec busybox ash "$@"\n', { mode: 0o755 });
    }
    mkdirSync(join(folder, 'bin'));
    const device = { parameters: { interfaces: { target: { ip: '10.0.0.7', mac: '00:11:22' } } }, storage_info: [{ UMS: '/dev/sda 1' }, { SATA: '/dev/sdb' }], static_info: [{ probe_ip: '1.2.3.4', probe_channel: 2 }] };
    for (const { name, text } of await helperScripts(shell, undefined, device)) {
      writeFileSync(join(folder, 'bin', name), text);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (command: string, env: Record<string, string> = {}) => {
    const { stdout, stderr, status } = spawnSync(shell, ['-c', command], {
      // bash reads ~/.bashrc when its input is a socket.
      encoding: 'utf8', cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin:/usr/sbin:/sbin`, LAVA_RESULT_DIR: join(folder, 'result'), ...env },
    });
    return { out: stdout.split('\n').slice(0, -1), text: stdout, stderr, status };
  };

  test.each([
    ['lava-test-case a --shell true', ['<LAVA_SIGNAL_STARTTC a>', '<LAVA_SIGNAL_ENDTC a>', '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=pass>'], 0],
    ['lava-test-case a --shell false', ['<LAVA_SIGNAL_STARTTC a>', '<LAVA_SIGNAL_ENDTC a>', '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=fail>'], 0],
    ['lava-test-case a --shell "echo x | tr x y; false"', ['<LAVA_SIGNAL_STARTTC a>', 'y', '<LAVA_SIGNAL_ENDTC a>', '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=fail>'], 0],
    ['lava-test-case a --shell echo "x  y" "$(echo z)"', ['<LAVA_SIGNAL_STARTTC a>', 'x  y z', '<LAVA_SIGNAL_ENDTC a>', '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=pass>'], 0],
    ['lava-test-case a --shell', ['<LAVA_SIGNAL_STARTTC a>', '<LAVA_SIGNAL_ENDTC a>', '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=pass>'], 0],
    ['lava-test-case a --shell "exit 3"', ['<LAVA_SIGNAL_STARTTC a>'], 3],
    ['lava-test-case a --result pass', ['<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=pass>'], 0],
    ['lava-test-case a --measurement 3.5 --result fail --units MB', ['<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=fail UNITS=MB MEASUREMENT=3.5>'], 0],
    ['lava-test-case a --measurement 3', ['--result must be specified'], 1],
    ['lava-test-case "a b" --result anything', ['<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a b RESULT=anything>'], 0],
    ['lava-test-set start one two', ['<LAVA_SIGNAL_TESTSET START one>'], 0],
    ['lava-test-set stop one', ['<LAVA_SIGNAL_TESTSET STOP>'], 0],
    ['lava-test-reference r --result pass --reference http://x', ['<LAVA_SIGNAL_TESTREFERENCE r pass http://x>'], 0],
    ['lava-test-reference r --result pass', ['--reference must be specified'], 1],
    ['lava-test-reference r --reference http://x', ['--result must be specified'], 1],
    ['lava-test-raise one two', ['<LAVA_SIGNAL_TESTRAISE one two>'], 1],
    ['lava-test-event "one two"', ['<LAVA_SIGNAL_TESTEVENT one two>'], 0],
    ['lava-test-feedback --namespace x', ['<LAVA_SIGNAL_TESTFEEDBACK x>'], 0],
    ['lava-test-feedback', ['--namespace must be specified'], 1],
    ['lava-installed-packages', ['Unsupported distro: cannot obtain list of installed packages'], 0],
    ['lava-echo-ipv4', ['Specify the interface to query'], 0],
    ['lava-target-ip', ['10.0.0.7'], 0],
    ['lava-target-mac', ['00:11:22'], 0],
    ['lava-probe-ip', ['1.2.3.4'], 0],
    ['lava-probe-channel', ['2'], 0],
    ['lava-target-storage', ['\tUMS\t/dev/sda 1', '\tSATA\t/dev/sdb'], 0],
  ])('%s', (command, out, status) => {
    expect(run(command)).toMatchObject({ out, status });
  });

  test.each(['lava-test-case', 'lava-test-case a --bogus 3', 'lava-test-set', 'lava-test-set start', 'lava-test-set bogus', 'lava-test-reference', 'lava-test-event', 'lava-test-event one two',
    'lava-test-feedback --bogus', 'lava-background-process-start', 'lava-background-process-start a', 'lava-background-process-stop'])('%s: how to use it', (command) => {
    const { text, status } = run(command);
    expect(status).toBe(1);
    expect(text).toMatch(/^Usage/);
  });

  test('a device of one method has no line end', () => {
    expect(run('lava-target-storage UMS').text).toBe('/dev/sda 1');
    expect(run('lava-target-storage NONE')).toMatchObject({ text: '', status: 1 });
  });

  test('the log of a case, and what is kept of it', () => {
    writeFileSync(join(folder, 'log'), 'one\ntwo\n');
    expect(run('lava-test-case l --result skip --units s --measurement 1 --output log').out)
      .toEqual(['<LAVA_SIGNAL_STARTTC l>', 'one', 'two', '<LAVA_SIGNAL_ENDTC l>', '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=l RESULT=skip UNITS=s MEASUREMENT=1>']);
    const kept = (name: string) => readFileSync(join(folder, 'result/results/l', name), 'utf8');
    expect([kept('result'), kept('units'), kept('measurement')]).toEqual(['skip\n', 's\n', '1\n']);
  });

  test('a process in the background runs again and again until it is stopped', async () => {
    const waitFor = async (what: () => boolean) => { while (!what()) await sleep(50); };
    const log = join(folder, 'bg.log');
    expect(run('lava-background-process-start bg --cmd "echo again >> bg.log" > /dev/null 2>&1')).toMatchObject({ stderr: '', status: 0 });
    await waitFor(() => existsSync(log) && readFileSync(log, 'utf8') .split('\n').length > 2);
    expect(run('lava-background-process-stop bg')).toMatchObject({ stderr: '', status: 0 });
    const stat = `/proc/${readFileSync(join(folder, 'result/results/bg/pid'), 'utf8').trim()}/stat`;
    await waitFor(() => !existsSync(stat) || readFileSync(stat, 'utf8').includes(') Z '));
    expect(run('lava-background-process-stop bg')).toMatchObject({ stderr: '', status: 0 });
  });

  test('the runner: install, run, exit, and never twice', () => {
    const stage = join(folder, '0');
    for (const name of ['0_a', '1_noinstall', '2_c']) mkdirSync(join(stage, 'tests', name), { recursive: true });
    const script = (name: string, text: string) => writeFileSync(join(stage, 'tests', name), text);
    script('0_a/install.sh', 'echo installing; lava-os-build > /dev/null');
    script('0_a/run.sh', 'echo "a runs in $LAVA_RESULT_DIR"; exit 4');
    script('1_noinstall/install.sh', 'exit 7');
    script('1_noinstall/run.sh', 'echo never');
    script('2_c/run.sh', 'lava-test-case found --result pass');
    writeFileSync(join(stage, 'lava-test-runner.conf'), `${stage}/tests/0_a\n<LAVA_SIGNAL_noise>\n${stage}/tests/1_noinstall\n${stage}/tests/2_c\n`);
    const first = run(`${folder}/bin/lava-test-runner ${stage}`, { PATH: '/usr/bin:/bin' });
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    expect(first.out).toEqual([
      'installing', expect.stringMatching(/^a runs in .*\/0\/results\/0_a-\d+$/), '<LAVA_TEST_RUNNER INSTALL_FAIL>',
      '<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=found RESULT=pass>', '<LAVA_TEST_RUNNER EXIT>',
    ]);
    const results = readdirSync(join(stage, 'results')).sort();
    const kept = (n: number, name: string) => readFileSync(join(stage, 'results', results[n] ?? '', name), 'utf8');
    expect([kept(0, 'install_return_code'), kept(0, 'return_code'), kept(1, 'install_return_code'), kept(2, 'return_code')]).toEqual(['0\n', '4\n', '7\n', '0\n']);
    expect(existsSync(join(stage, 'results', results[1] ?? '', 'return_code'))).toBe(false);

    const second = run(`${folder}/bin/lava-test-runner ${stage}`, { PATH: '/usr/bin:/bin' });
    expect(second.out).toEqual(['<LAVA_TEST_RUNNER EXIT>']);
  });
});

test('scripts of a distribution replace the generic ones, and begin with its shell', async () => {
  const scripts = await helperScripts('/bin/bash', 'ubuntu', {});
  const updated = scripts.filter((script) => script.distro === 'ubuntu').map((script) => script.name);
  expect(updated).toEqual(['lava-add-keys', 'lava-add-sources', 'lava-install-packages', 'lava-installed-packages', 'lava-os-build']);
  for (const { text } of scripts) expect(text).toMatch(/^#!\/bin\/bash\n\n/);
  for (const { text } of scripts) expect(spawnSync('/bin/dash', ['-n'], { input: text }).status).toBe(0);
});
