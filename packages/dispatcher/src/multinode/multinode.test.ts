import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ShellBoard, shells, type BoardJob } from '../testing/shell-board.ts';
import { TestGroup } from '../testing/test-group.ts';
import { GroupFiles } from './group-line.ts';

const boards: ShellBoard[] = [];
afterEach(async () => { for (const board of boards.splice(0)) await board.remove(); });

interface Member {
  readonly role: string;
  readonly steps?: readonly string[];
  readonly tests?: readonly unknown[];
  readonly shell?: string;
  /** Keys of the protocol and of the deploy block. */
  readonly protocol?: object;
  readonly deploy?: object;
}

/** Runs a job for each member at once, each on a board of its own; their numbers are 101, 102, … */
async function runGroup(members: readonly Member[]): Promise<BoardJob[]> {
  const group = new TestGroup();
  const roles = Object.fromEntries(members.map(({ role }, i) => [String(101 + i), role]));
  return Promise.all(members.map(async ({ role, steps, tests, shell, protocol, deploy }, i) => {
    const board = await ShellBoard.create();
    boards.push(board);
    const definition = { from: 'inline', name: 'steps', path: 'steps.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'steps' }, run: { steps } } };
    return board.run(tests ?? [{ definitions: [definition] }], {
      ...(shell !== undefined && { shell }),
      ...(deploy && { deploy }),
      group: group.line(String(101 + i)),
      job: { protocols: { 'lava-multinode': { target_group: 'g', role, group_size: members.length, sub_id: i, roles, timeout: { seconds: 20 }, ...protocol } } },
    });
  }));
}

const ofTest = (job: BoardJob | undefined) => job!.cases.filter((c) => c.startsWith('0_steps/'));
const consoleOf = (job: BoardJob | undefined) => job!.texts('target').map((line) => line.trimEnd());

describe.each(Object.entries(shells))('tests of a group on %s', (_name, shell) => {
  test('send, wait, wait for a role, and meet', async () => {
    // The boards are one machine here: each keeps what it heard in a file of its own.
    const own = 'export LAVA_MULTI_NODE_CACHE=$PWD/heard';
    const [server, first, second] = await runGroup([
      { role: 'server', shell, steps: [own, 'lava-role; echo', 'lava-role list', 'lava-group', 'lava-group client; echo', 'lava-group nobody || echo none', 'lava-send ip addr=192.0.2.1 note="two words" junk', 'lava-wait-all up client', 'sort heard', 'lava-sync end'] },
      { role: 'client', shell, steps: [own, 'lava-wait ip', `sed 's/^/got /' heard`, 'lava-send up n=1', 'lava-sync end'] },
      { role: 'client', shell, steps: ['lava-send up n=2', 'lava-sync end', 'lava-wait a=b || echo status $?'] },
    ]);
    for (const job of [server, first, second]) expect(job!.outcome).toMatchObject({ result: 'pass' });
    expect(ofTest(server)).toEqual(['multinode-send-ip', 'multinode-wait_all-up', 'multinode-sync-end'].map((name) => `0_steps/${name}=pass`));
    expect(ofTest(first)).toEqual(['multinode-wait-ip', 'multinode-send-up', 'multinode-sync-end'].map((name) => `0_steps/${name}=pass`));
    expect(server!.texts('info').filter((text) => text.includes(' multinode-test '))).toHaveLength(2);
    expect(consoleOf(server)).toEqual(expect.arrayContaining(['server', 'client', '101\tserver', '102\tclient', '103\tclient', 'none', '102:n=1', '103:n=2']));
    expect(consoleOf(first)).toEqual(expect.arrayContaining(['got 101:addr=192.0.2.1', 'got 101:note=two words']));
    expect(consoleOf(second)).toContain('status 1');
  });
});

test('a wait that nobody answers fails its case, and the job goes on', async () => {
  const [job] = await runGroup([{ role: 'a', steps: ['lava-wait never', 'lava-test-case unreached --result pass'], protocol: { timeout: { seconds: 1 } } }]);
  expect(ofTest(job)).toEqual(['0_steps/multinode-wait-never=fail']);
  expect(job!.cases).toContain('lava/0_steps=fail');
  expect(job!.texts('warning')).toContain('Sync error in multinode signal: protocol lava-multinode timed out WAIT');
  expect(job!.outcome.result).toBe('pass');
});

test('waiting for all before anybody has sent ends at once', async () => {
  const [job] = await runGroup([{ role: 'a', steps: ['lava-wait-all up', 'lava-test-case reached --result pass'] }]);
  expect(consoleOf(job)).toContain('Error:no-response  nack, Exit from LAVA_WAIT_ALL!');
  expect(ofTest(job)).toContain('0_steps/reached=pass');
});

test('a start can wait for another role', async () => {
  const [host, guest] = await runGroup([
    { role: 'host', steps: ['lava-send lava_start'] },
    { role: 'guest', steps: ['lava-test-case ran --result pass'], protocol: { request: 'lava-start', expect_role: 'host' } },
  ]);
  expect(host!.outcome.result).toBe('pass');
  expect(ofTest(guest)).toEqual(['0_steps/ran=pass']);
  expect(guest!.texts('info')).toContain('lava-multinode protocol initialised - start is delayed by up to 20 seconds');
});

test('actions call the others, and keep what they asked for', async () => {
  const wait = { action: 'lava-multinode-overlay', request: 'lava-wait', messageID: 'ipv4', message: { ipaddr: '$ipaddr' }, timeout: { seconds: 10 } };
  const [server, client, wrong] = await runGroup([
    { role: 'server', steps: ['true'], deploy: { protocols: { 'lava-multinode': [{ action: 'lava-overlay', request: 'lava-send', messageID: 'ipv4', message: { ipaddr: '192.0.2.9' } }] } } },
    { role: 'client', steps: ['true'], deploy: { protocols: { 'lava-multinode': [wait] } } },
    { role: 'client', steps: ['true'], deploy: { protocols: { 'lava-multinode': [{ ...wait, message: { other: '$other' } }] } } },
  ]);
  expect(server!.outcome.result).toBe('pass');
  expect(client!.texts('info')).toEqual(expect.arrayContaining(['Making protocol call for lava-multinode-overlay using lava-multinode', "Setting namespace data key ipv4 to {'ipaddr': '192.0.2.9'}"]));
  expect(wrong!.outcome).toMatchObject({ result: 'fail', errorType: 'Job', errorMessage: expect.stringMatching(/^Unable to identify replaceable values in the parameters: /) });
  expect(wrong!.texts('warning')).toContain("Skipping other - not found in {'ipaddr': '192.0.2.9'}");
});

test('interactive tests call the others, and use what they sent', async () => {
  const script = (steps: readonly object[]) => [{ interactive: [{ name: 'talk', prompts: ['board# '], script: steps }] }];
  const [server, client] = await runGroup([
    { role: 'server', tests: script([{ 'lava-send': 'ip addr=192.0.2.1' }, { 'lava-sync': 'end' }]) },
    { role: 'client', tests: script([{ 'lava-wait': 'ip' }, { name: 'use', command: 'echo "addr is" {addr}', successes: [{ message: 'addr is 192.0.2.1' }] }, { 'lava-sync': 'end' }]) },
  ]);
  expect(server!.outcome.result).toBe('pass');
  expect(client!.cases).toEqual(expect.arrayContaining(['0_talk/use=pass', 'lava/0_talk=pass']));
});

test('a job of a group says what it lacks where nobody carries its calls, and when the others do not come', async () => {
  const board = await ShellBoard.create();
  boards.push(board);
  const protocols = { 'lava-multinode': { target_group: 'g', role: 'a', group_size: 2, sub_id: 0, roles: {} } };
  const alone = await board.run([], { job: { protocols } });
  expect(alone.outcome).toMatchObject({ errorType: 'Infrastructure', errorMessage: 'Missing coordinator configuration' });
  const waiting = await board.run([], { job: { protocols, timeouts: { job: { seconds: 1 } } }, group: new TestGroup().line('1') });
  expect(waiting.outcome).toMatchObject({ errorType: 'MultinodeTimeout', errorMessage: 'protocol lava-multinode timed out' });
});

test('the line by files: calls are appended, answers are taken when they come, an abort ends the wait', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lava-line-'));
  try {
    const line = new GroupFiles(folder);
    const { signal } = new AbortController();
    const asked = line.ask({ request: 'lava_wait', messageID: 'a' }, { timeoutMs: 20_000, signal });
    const second = line.ask({ request: 'lava_wait', messageID: 'b' }, { timeoutMs: 20_000, signal });
    await expect.poll(() => readFile(join(folder, 'calls.jsonl'), 'utf8').catch(() => '')).toMatch(/"call":0.*\n.*"call":1.*\n/);
    const answer = { response: 'ack', message: [] };
    await appendFile(join(folder, 'answers.jsonl'), `${JSON.stringify({ call: 1, answer })}\n{"call":0,`);
    expect(await second).toEqual(answer);
    await appendFile(join(folder, 'answers.jsonl'), `"answer":{"response":"nack"}}\n`);
    expect(await asked).toEqual({ response: 'nack' });
    expect(await line.ask({ request: 'lava_sync', messageID: 'c' }, { timeoutMs: 50, signal })).toBeUndefined();
    const cancel = new AbortController();
    const waiting = line.ask({ request: 'lava_sync', messageID: 'd' }, { timeoutMs: 20_000, signal: cancel.signal });
    cancel.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
