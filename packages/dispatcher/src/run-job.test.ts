import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { FakeBoard, friendlyBoard, login } from './testing/fake-board.ts';

let board: FakeBoard;
afterEach(() => {
  vi.unstubAllEnvs();
  return board.remove();
});

const withoutTime = (text: string) => text.replace(/\d\d:\d\d:\d\d/, 'T');

test('a job boots, logs in, powers off and leaves its files', async () => {
  board = new FakeBoard(friendlyBoard);
  const { outcome, results, messages } = await board.run([{ boot: login }]);
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(results.map((r) => `${r['definition']}/${r['case']} ${r['result']}`)).toEqual([
    'lava/validate pass', 'lava/pdu-reboot pass', 'lava/kernel-messages pass', 'lava/login-action pass', 'lava/power-off pass', 'lava/job pass',
  ]);
  expect(messages('info').map(withoutTime)).toEqual([
    expect.stringMatching(/^lava-dispatcher, installed at version: /), 'start: 0 validate', expect.stringMatching(/^Start time: .* \(UTC\)$/),
    expect.stringMatching(/^validate duration: \d+\.\d\d$/), 'start: 1 minimal-boot (timeout T) [common]',
    expect.stringMatching(/^\[common\] connect-device Connecting to device using 'bash /), 'end: 1 minimal-boot (duration T) [common]',
    'start: 2 finalize (timeout T) [common]', "Finalising connection for namespace 'common'", 'end: 2 finalize (duration T) [common]',
    'Cleaning after the job', 'Job finished correctly',
  ]);
  expect(existsSync(board.path('off'))).toBe(true);
  expect(loadYaml(readFileSync(board.path('output/result.yaml'), 'utf8'))).toEqual({ definition: 'lava', case: 'job', result: 'pass', log_lines: readFileSync(board.path('output/logs.yaml'), 'utf8').split('\n').length - 1 });
  const log = loadYaml(readFileSync(board.path('output/logs.yaml'), 'utf8')) as { lvl: string; msg: unknown }[];
  expect(log.at(-1)).toMatchObject({ lvl: 'results', msg: { case: 'job', result: 'pass' } });
  const { pipeline } = loadYaml(readFileSync(board.path('output/description.yaml'), 'utf8')) as { pipeline: { name: string; level: string; pipeline?: unknown[] }[] };
  expect(pipeline.map((a) => `${a.level} ${a.name}`)).toEqual(['1 minimal-boot', '2 finalize']);
  expect(existsSync(board.path(`var/lib/lava/dispatcher/tmp/${board.id}`))).toBe(false);
  expect(board.leftovers).toEqual([]);
});

test('everything that is wrong with a job is said at once, and nothing runs', async () => {
  board = new FakeBoard(friendlyBoard, { commands: { users: { relay: { do: 'true' } } } });
  const { outcome, results, messages } = await board.run([
    { boot: { ...login, prompts: [], auto_login: { username: 'root' } } }, { command: { name: 'nope' } },
  ]);
  const problems = `Invalid job data: ["'login_prompt' is mandatory for auto_login", "Value for 'prompts' cannot be empty", "Unknown user command 'nope'"]\n`;
  expect(outcome).toEqual({ result: 'fail', errorType: 'Job', errorMessage: problems, errorCode: 'invalid-job', poweredOff: true });
  expect(results).toEqual([
    { definition: 'lava', case: 'validate', result: 'fail' }, { definition: 'lava', case: 'job', result: 'fail', error_msg: problems, error_type: 'Job', error_code: 'invalid-job' },
  ]);
  expect(messages('error')).toEqual(['JobError: Your job cannot terminate cleanly.']);
  expect(existsSync(board.path('off'))).toBe(false);
});

test.each([
  ['no YAML', 'a: [', 'Job', /could not be parsed/],
  ['empty', '', 'Job', /Empty job definition/],
  ['unknown block', 'actions: [{reboot: {}}]', 'Job', /Unknown action name 'reboot'/],
  ['unknown method', 'actions: [{boot: {method: moon}}]', 'Job', /^None of the <Base-boot> strategies accepted your deployment parameters, reasons given:\n(.*\n)*minimal: /],
  ['retry and repeat', 'actions: [{boot: {method: minimal, repeat: 2, failure_retry: 2}}]', 'Job', /^Unable to use repeat and failure_retry, use a repeat block$/],
])('a definition that is wrong: %s', async (_, definition, errorType, message) => {
  board = new FakeBoard(friendlyBoard);
  const { outcome, results } = await board.run([], { definition });
  expect(outcome).toMatchObject({ result: 'fail', errorType });
  expect(outcome.errorMessage).toMatch(message);
  expect(results.map((r) => r['case'])).toEqual(['job']);
});

test('a failing block is tried again, and what it failed with is told', async () => {
  board = new FakeBoard(`n=$(cat $0.n 2>/dev/null || echo 0); echo $((n+1)) > $0.n; [ $n -ge 2 ] || exit 0; ${friendlyBoard}`);
  const { outcome, messages, results } = await board.run([{ boot: { ...login, failure_retry: 3, failure_retry_interval: 0 } }]);
  expect(outcome.result).toBe('pass');
  const tried = messages('error', 'warning').map(withoutTime);
  expect(tried.filter((t) => t.includes('minimal-boot'))).toEqual([
    "minimal-boot failed: 1 of 3 attempts. 'Connection closed'", 'Retrying: 1 minimal-boot (timeout T)',
    "minimal-boot failed: 2 of 3 attempts. 'Connection closed'", 'Retrying: 1 minimal-boot (timeout T)',
  ]);
  expect(results.filter((r) => r['case'] === 'auto-login-action').map((r) => r['result'])).toEqual(['fail', 'fail']);
});

test('repeat goes on after a failure and fails in the end', async () => {
  const secondTimeFails = "bash -c 'echo x >> $COUNT; [ $(wc -l < $COUNT) != 2 ]'";
  board = new FakeBoard(friendlyBoard, { commands: { hard_reset: secondTimeFails } });
  const { outcome, messages } = await board.run([{ boot: { method: 'minimal', repeat: 3, failure_retry_interval: 0 } }], { job: { secrets: { COUNT: board.path('count') } } });
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Infrastructure', errorMessage: '1 retries out of 3 failed for minimal-boot' });
  expect(messages('error')).toContain(`minimal-boot failed: 2 of 3 attempts. 'Unable to reboot: '${secondTimeFails}' failed'`);
});

describe('time', () => {
  test('an action that takes too long ends by its own name', async () => {
    board = new FakeBoard("echo 'Linux version 6'; sleep 60");
    const { outcome, messages } = await board.run([{ boot: { ...login, timeouts: { 'login-action': { seconds: 1 } } } }]);
    expect(outcome).toMatchObject({ errorType: 'Job', errorMessage: 'login-action timed out after 1 seconds', poweredOff: true });
    expect(messages('exception')).toEqual(Array(3).fill('login-action timed out after 1 seconds'));
  });

  test('the class of the error is that of the action, and its programs end with it', async () => {
    board = new FakeBoard(friendlyBoard, { commands: { hard_reset: 'sleep 60' } });
    const { outcome } = await board.run([{ boot: { ...login, timeouts: { 'pdu-reboot': { seconds: 1 } } } }]);
    expect(outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'pdu-reboot timed out after 1 seconds' });
    expect(board.leftovers).toEqual([]);
  });

  test('the job ends all, also an action that has more time of its own', async () => {
    board = new FakeBoard("echo 'Linux version 6'; sleep 60");
    const { outcome, messages } = await board.run([{ boot: login }], { job: { timeouts: { job: { seconds: 2 }, action: { seconds: 30 } } } });
    expect(outcome.errorMessage).toBe('login-action timed out after 2 seconds');
    expect(messages('warning')).toContain('Action timeout for minimal-boot exceeds Job timeout');
  });

  test('only a time that the job itself gives an action can be more than that of the job', async () => {
    const warnings = async (timeouts: object) => {
      const { messages } = await board.run([{ boot: login }], { job: { timeouts: { job: { minutes: 1 }, action: { seconds: 30 }, ...timeouts } }, validateOnly: true });
      return messages('warning');
    };
    board = new FakeBoard(friendlyBoard, { device: { timeouts: { actions: { 'minimal-boot': { hours: 1 }, 'connect-device': { hours: 1 } } } } });
    expect(await warnings({})).toEqual([]);
    expect(await warnings({ actions: { 'login-action': { hours: 1 } } })).toEqual(['Action timeout for login-action exceeds Job timeout']);
  });

  test('without time for another attempt the job says so', async () => {
    board = new FakeBoard('exit 0');
    const { outcome } = await board.run([{ boot: { ...login, failure_retry: 3, failure_retry_interval: 60 } }]);
    expect(outcome.errorMessage).toMatch(/^No time left for remaining 2 retries\. You should either increase block timeout or decrease named action timeout\. 1 retries out of 3 failed for (auto-login-action|minimal-boot)$/);
  });
});

test.each([
  ['echo no such board; exit 3', "The program 'bash' of the connection ended with exit status 3; its last output:\nno such board"],
  ["echo 'Linux version 6'; exit 0", "The program 'bash' of the connection ended with exit status 0; its last output:\nLinux version 6"],
  ['exit 0', "The program 'bash' of the connection ended with exit status 0 without any output."],
  [`${'for i in 1 2 3 4 5 6 7; do echo line $i; done'}; kill -9 $$`, "The program 'bash' of the connection ended with exit status 137; its last output:\nline 3\nline 4\nline 5\nline 6\nline 7"],
])('a connection program that ends by itself is told: %s', async (script, report) => {
  // `script` runs its command with this shell, and dash would add 'Killed' to what the program printed.
  vi.stubEnv('SHELL', '/bin/sh');
  board = new FakeBoard(script);
  const { outcome, messages, records } = await board.run([{ boot: login }]);
  expect(outcome).toMatchObject({ result: 'fail', errorType: 'Infrastructure', errorMessage: 'Connection closed' });
  expect(messages('error').filter((m) => m.startsWith('The program'))).toEqual([report]);
  const at = (lvl: string) => records.findIndex((r) => r.lvl === lvl);
  expect(at('error')).toBeLessThan(at('exception'));
});

test('a connection program that ends when nobody needs it any more is not told', async () => {
  board = new FakeBoard(`${friendlyBoard.replace('while', '(sleep 0.3; kill $$) & while')}`);
  const { outcome, messages } = await board.run([{ boot: login }]);
  expect(outcome.result).toBe('pass');
  expect(messages('error')).toEqual([]);
});

describe('cancel', () => {
  test('ends the running action; the device is switched off', async () => {
    board = new FakeBoard("echo 'Linux version 6'; sleep 60");
    const cancel = new AbortController();
    const { outcome, results } = await board.run([{ boot: login }], {
      signal: cancel.signal, listener: (r) => { if (r.lvl === 'target') cancel.abort(); },
    });
    expect(outcome).toEqual({ result: 'fail', errorType: 'Canceled', errorMessage: 'The job was canceled', errorCode: 'canceled', poweredOff: true });
    expect(results.at(-1)).toEqual({ definition: 'lava', case: 'job', result: 'fail', error_msg: 'The job was canceled', error_type: 'Canceled', error_code: 'canceled' });
    expect(existsSync(board.path('off'))).toBe(true);
  });

  test('before anything ran', async () => {
    board = new FakeBoard(friendlyBoard);
    const { outcome } = await board.run([{ boot: login }], { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ errorType: 'Canceled', poweredOff: true });
    expect(existsSync(board.path('off'))).toBe(false);
  });

  test('a second cancel ends the cleanup, but not the power-off', async () => {
    board = new FakeBoard("echo 'Linux version 6'; sleep 60", { commands: { users: { relay: { do: 'true', undo: 'sleep 60' } } } });
    const first = new AbortController();
    const second = new AbortController();
    const { outcome } = await board.run([{ command: { name: 'relay' } }, { boot: login }], {
      signal: first.signal, hurry: second.signal,
      listener: (r) => {
        if (r.lvl === 'target') first.abort();
        if (r.msg === "Calling: ['sleep', '60']") second.abort();
      },
    });
    expect(outcome).toMatchObject({ errorType: 'Canceled', errorMessage: 'The job was canceled', poweredOff: true });
    expect(existsSync(board.path('off'))).toBe(true);
  });
});

describe('what a kernel complains about', () => {
  const boot = (text: string) => new FakeBoard(`echo 'Linux version 6'; ${text}; ${friendlyBoard}`);

  test('warnings are collected and the boot goes on', async () => {
    board = boot("printf -- '[ 1.0] ------------[ cut here ]------------\\n[ 1.0] WARNING: CPU: 0\\n[ 1.0] ---[ end trace 0123 ]---\\n'");
    const { outcome, results, messages } = await board.run([{ boot: login }]);
    expect(outcome.result).toBe('pass');
    const extra = [{ kind: 'warning', message: '[ 1.0] ------------[ cut here ]------------\r\n[ 1.0] WARNING: CPU: 0\r\n[ 1.0] ---[ end trace 0123 ]---' }];
    expect(results.find((r) => r['case'] === 'kernel-messages')).toMatchObject({ result: 'pass', extra: { extra } });
    expect(results.find((r) => r['case'] === 'login-action')).toMatchObject({ result: 'pass', extra: { extra } });
    expect(messages('warning')).toContain("login-action: kernel 'warning'");
  });

  test('a panic ends the job', async () => {
    board = boot("printf '[ 2.0] Kernel panic - not syncing: boo\\n[ 2.0] ---[ end Kernel panic - not syncing: boo ]---\\n'; sleep 60");
    const { outcome, results } = await board.run([{ boot: login }]);
    expect(outcome).toMatchObject({ errorType: 'Job', errorMessage: '[ 2.0] Kernel panic - not syncing: boo\r\n[ 2.0] ---[ end Kernel panic - not syncing: boo ]---' });
    expect(results.find((r) => r['case'] === 'kernel-messages')).toMatchObject({ result: 'fail' });
  });

  test("the job's own message of failure, and no watch when that is not wanted", async () => {
    board = boot("echo 'it is Broken'; sleep 60");
    expect((await board.run([{ boot: { ...login, failure_message: '[Bb]roken' } }])).outcome.errorMessage).toBe("Matched job-specific failure message: 'Broken'");
    board.remove();
    board = boot("echo 'Oops: none'");
    const { outcome, results } = await board.run([{ boot: { ...login, ignore_kernel_messages: true } }]);
    expect(outcome.result).toBe('pass');
    expect(results.map((r) => r['case'])).not.toContain('kernel-messages');
  });
});

describe('login', () => {
  test('with a password and commands; secrets show nowhere', async () => {
    board = new FakeBoard(friendlyBoard.replace('read -r user', "read -r user; printf 'Password: '; read -r password; echo \"got $password\""));
    const { outcome, records } = await board.run([{ boot: { ...login, auto_login: { login_prompt: 'login:', username: 'root', password_prompt: 'Password:', password: 'hunter2', login_commands: ['echo one', 'echo $((1+1))'] } } }],
      { job: { secrets: { PASSWORD: 'hunter2' } } });
    expect(outcome.result).toBe('pass');
    expect(JSON.stringify(records)).not.toContain('hunter2');
    expect(readFileSync(board.path('output/logs.yaml'), 'utf8')).not.toContain('hunter2');
    expect(records.filter((r) => r.lvl === 'input').map((r) => r.msg)).toEqual(['root\n', '[MASKED]\n', 'echo one\n', 'echo $((1+1))\n']);
    expect(records.filter((r) => r.lvl === 'target').map((r) => r.msg)).toContain('got [MASKED]');
  });

  test('that is refused', async () => {
    board = new FakeBoard("echo 'Linux version 6'; printf 'login: '; read -r user; echo 'Login incorrect'; sleep 60");
    expect((await board.run([{ boot: login }])).outcome).toMatchObject({ errorType: 'Job', errorMessage: 'Login incorrect' });
  });

  test('characters are typed with the delay of the device', async () => {
    board = new FakeBoard(friendlyBoard, { device: { character_delays: { boot: 5 } } });
    const { outcome, messages } = await board.run([{ boot: login }]);
    expect(outcome.result).toBe('pass');
    expect(messages('debug')).toContain('Sending with 5 millisecond of delay');
  });
});

test('a board without a power switch is rebooted by typing', async () => {
  const rebooting = "echo 'The system is going down for reboot NOW'";
  board = new FakeBoard(`read -r line; echo "$line?"; read -r line; ${rebooting}; ${friendlyBoard}`, { commands: { hard_reset: undefined } });
  const { outcome, records } = await board.run([{ boot: { ...login, soft_reboot: ['reboot', 'reboot -f'], parameters: { 'shutdown-message': 'going down' } } }], {
    job: { timeouts: { job: { seconds: 60 }, action: { seconds: 30 }, actions: { 'send-reboot-commands': { seconds: 4 } } } },
  });
  expect(records.filter((r) => r.lvl === 'input').map((r) => r.msg)).toEqual(['reboot\n', 'reboot -f\n', 'root\n']);
  expect(outcome.result).toBe('pass');
});

test('user commands run, and are undone at the end', async () => {
  board = new FakeBoard(friendlyBoard, { commands: { users: { relay: { do: ["bash -c 'echo on $LAVA_JOB_ID $TOKEN'"], undo: 'echo off' } } } });
  const { outcome, messages } = await board.run([{ command: { name: 'relay' } }], { job: { secrets: { TOKEN: 'abc' } } });
  expect(outcome.result).toBe('pass');
  const debug = messages('debug').map(withoutTime);
  expect(debug).toContain(`>> on ${board.id} [MASKED]`);
  expect(debug.indexOf('>> off')).toBeGreaterThan(debug.indexOf(`>> on ${board.id} [MASKED]`));
});

test('each namespace has a connection of its own; what the others print is feedback', async () => {
  // The first to connect goes on printing when somebody else logs in.
  board = new FakeBoard(`if mkdir $0.first 2>/dev/null; then (until [ -e $0.second ]; do sleep 0.05; done; echo tick) & else touch $0.second; sleep 0.5; fi; ${friendlyBoard}`);
  const { outcome, records, messages } = await board.run([{ boot: { ...login, namespace: 'one' } }, { boot: { ...login, namespace: 'two' } }, { boot: { ...login, namespace: 'three', 'connection-namespace': 'one', auto_login: undefined, timeout: { seconds: 4 }, parameters: { 'kernel-start-message': '' } } }]);
  expect(records).toContainEqual(expect.objectContaining({ lvl: 'feedback', msg: 'root@board:~# tick', ns: 'one' }));
  expect(messages('debug')).toContain('Already connected');
  expect(outcome.result).toBe('pass');
});

test('an unknown namespace to borrow a connection from is an error', async () => {
  board = new FakeBoard(friendlyBoard);
  const { outcome } = await board.run([{ boot: { ...login, namespace: 'one', 'connection-namespace': 'zero' } }]);
  expect(outcome.errorMessage).toBe("Unable to reuse connection from namespace 'zero'");
});

test('namespaces cannot be mixed with none', async () => {
  board = new FakeBoard(friendlyBoard);
  const { outcome } = await board.run([{ boot: { ...login, namespace: 'one' } }, { boot: login }]);
  expect(outcome.errorMessage).toBe("'common' is a reserved namespace that should not be present with other namespaces");
});

test('a board that never falls silent does not hold up the end', async () => {
  board = new FakeBoard(`(while :; do echo noise; sleep 0.05; done) & ${friendlyBoard}`);
  const { outcome } = await board.run([{ boot: login }]);
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(board.leftovers).toEqual([]);
});

test('a power-off that fails does not fail the job, but is known', async () => {
  board = new FakeBoard(friendlyBoard, { commands: { power_off: 'false' } });
  const { outcome, results } = await board.run([{ boot: login }]);
  expect(outcome).toEqual({ result: 'pass', poweredOff: false });
  expect(results.find((r) => r['case'] === 'power-off')).toMatchObject({ result: 'fail' });
});
