import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LavaSystem, programFile, project } from '@lava/testbed';

// `lava lab` as a program, against a real server; with the example of docs/lab-file.md and the lab of the demo.

const page = readFileSync(join(project, 'docs/lab-file.md'), 'utf8');
const example = page.slice(page.indexOf('```yaml\n') + 8, page.indexOf('```\n', page.indexOf('```yaml\n')));

let root: string;
let system: LavaSystem;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lava-lab-'));
  // As root, the database runs under a user who must be able to pass through.
  await chmod(root, 0o755);
  system = await LavaSystem.at(root);
  await system.startServer();
});

afterAll(async () => {
  await system.stop();
  await rm(root, { recursive: true, force: true });
});

interface Ended { readonly status: number; readonly stdout: string; readonly stderr: string }
const lab = (...args: string[]) => new Promise<Ended>((resolve) => {
  execFile(process.execPath, [programFile({ package: 'cli', name: 'lava' }), 'lab', ...args], { env: { PATH: process.env['PATH'], HOME: root, ...system.cliEnvironment } }, (error, stdout, stderr) =>
    resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })).stdin?.end();
});
const put = (name: string, text: string): string => {
  writeFileSync(join(root, name), text);
  return join(root, name);
};

describe('lava lab', () => {
  test('applies a file that a plan was shown of, and then there is nothing to do', async () => {
    const file = put('lab.yaml', example);
    expect(await lab('check', file)).toEqual({ status: 0, stdout: `${file}: valid\n`, stderr: '' });
    const plan = await lab('diff', file);
    expect(plan).toMatchObject({ status: 1, stderr: '' });
    expect(plan.stdout).toContain('  + bbb01\n      device_type: beaglebone-black\n      worker: lab1-worker3\n      tags: +hdmi +usb-stick\n');
    expect(plan.stdout).toContain("        + {% set memory = 256 %}\n");
    expect(plan.stdout).toContain('not in the file, left alone: admin');
    const revision = /--revision (\w+)\n$/.exec(plan.stdout)![1]!;

    expect(await lab('apply', file)).toMatchObject({ status: 2, stderr: expect.stringContaining('nobody is here to agree') });
    expect(await lab('apply', file, '--revision', revision)).toMatchObject({ status: 0, stdout: expect.stringMatching(/\nDone\.\n$/), stderr: '' });
    expect(await lab('diff', file)).toMatchObject({ status: 0, stdout: expect.stringContaining('0 to create, 0 to change, 0 to remove') });
    expect(await lab('apply', file, '--yes')).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing to do.\n') });
    expect(await system.manage('devices', 'check', 'box01')).toContain('* box01');
  });

  test('shows what somebody changed elsewhere, and refuses a plan from before that', async () => {
    const file = put('lab.yaml', example.replace('memory: 256', 'memory: 512'));
    const seen = await lab('diff', file);
    expect(seen.stdout).toContain("          {% set mac_addr = '52:54:00:12:34:01' %}\n        - {% set memory = 256 %}\n        + {% set memory = 512 %}\n");
    await system.manage('workers', 'update', 'lab1-worker3', '--description', 'moved');
    const revision = /--revision (\w+)\n$/.exec(seen.stdout)![1]!;
    expect(await lab('apply', file, '--revision', revision)).toMatchObject({ status: 1, stderr: expect.stringContaining('The lab has changed since this plan was made') });
    expect((await lab('diff', file)).stdout).toContain('  ~ lab1-worker3\n      description: moved → rack 3, second floor\n');
    expect(await lab('apply', file, '--yes')).toMatchObject({ status: 0 });
  });

  test('exports what can be compared without a server', async () => {
    const file = join(root, 'exported.yaml');
    expect(await lab('export', '-o', file)).toMatchObject({ status: 0 });
    expect(await lab('diff', file)).toMatchObject({ status: 0 });
    const changed = put('changed.yaml', "devices: {bbb01: {device_type: beaglebone-black, tags: [hdmi]}}");
    expect(await lab('diff', changed, '--against', file)).toMatchObject({ status: 1, stdout: expect.stringContaining('  ~ bbb01\n      tags: -usb-stick\n') });
    expect(await lab('diff', changed, '--prune')).toMatchObject({ status: 1, stdout: expect.stringContaining('  - qemu01 (retired, not deleted)\n') });
  });

  test('shows every error with its line, its place in it and what was meant', async () => {
    put('qemu09.jinja2', "{% extends 'qemu.jinja2' %}\n{% if %}\n");
    const file = put('wrong.yaml', 'workers: {lab2: {job_limt: 1}}\n');
    const slip = await lab('diff', file);
    expect(slip).toMatchObject({ status: 2, stdout: '' });
    expect(slip.stderr).toContain(`${file}:1:18: error: unknown key "job_limt" in "lab2" [unknown-key]`);
    expect(slip.stderr).toContain('    workers: {lab2: {job_limt: 1}}\n                     ^^^^^^^^\n    Did you mean "job_limit"?\n');
    expect(slip.stderr).toContain(`lava: ${file} cannot be used: 1 error\n`);
    put('wrong.yaml', 'devices:\n  qemu08: {device_type: qmu}\n  qemu09: {device_type: qemu, dictionary_file: qemu09.jinja2}\n');
    const { status, stderr } = await lab('apply', file, '--yes');
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}:2:25: error: there is no device type "qmu"`);
    expect(stderr).toContain('Did you mean "qemu"?');
    expect(stderr).toMatch(/qemu09\.jinja2:2:\d+: error: device qemu09: .*\[lab-device\][^\n]*\n {4}\{% if %\}\n {4} +\^/);
    expect(await system.manage('devices', 'list', '--all')).not.toContain('qemu08');
  });

  test('asks on a terminal', async () => {
    const file = put('asked.yaml', 'tags: {asked: }');
    const answering = (answer: string) => new Promise<Ended>((resolve) => {
      const command = `${process.execPath} ${programFile({ package: 'cli', name: 'lava' })} lab apply ${file}`;
      const child = execFile('script', ['-qec', command, '/dev/null'], { env: { PATH: process.env['PATH'], HOME: root, SHELL: '/bin/sh', ...system.cliEnvironment } }, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }));
      child.stdout!.on('data', (text: string) => { if (text.includes('[y/N]')) child.stdin!.end(`${answer}\n`); });
    });
    expect(await answering('n')).toMatchObject({ status: 1, stdout: expect.stringContaining('not applied') });
    expect(await lab('diff', file)).toMatchObject({ status: 1 });
    expect(await answering('y')).toMatchObject({ status: 0, stdout: expect.stringContaining('Done.') });
    expect(await lab('diff', file)).toMatchObject({ status: 0 });
  });

  test('makes a lab file of a boards.yaml', async () => {
    const boards = put('boards.yaml', 'slaves: [{name: lab-slave-0}]\nboards: [{name: qemu-01, type: qemu}]\n');
    const { status, stdout } = await lab('import-boards', boards);
    expect(status).toBe(0);
    expect((await lab('diff', put('imported.yaml', stdout))).stdout).toContain('  + qemu-01\n');
  });
});

test('demo/lab.yaml is the lab of the demo', async () => {
  const dictionary = readFileSync(join(project, 'demo/qemu.jinja2'), 'utf8');
  await system.addWorker('demo-worker');
  for (const n of [1, 2]) {
    // The demo's qemu01 is not that of the example above.
    const text = dictionary.replace('34:01', `34:0${n}`);
    if (n === 1) await system.manage('devices', 'update', 'qemu01', '--worker', 'demo-worker', '--dictionary', put('qemu01.jinja2', text));
    else await system.addDevice(`qemu0${n}`, 'demo-worker', 'qemu', text);
  }
  expect(await lab('diff', join(project, 'demo/lab.yaml'))).toMatchObject({ status: 0, stderr: '' });
});
