import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { waitUntil, type LavaSystem } from '@lava/testbed';
import { openPage } from './support/browser.ts';
import { startSystem, stopSystem } from './support/system.ts';

// What keepers of a lab and people with groups of boards do with a browser, on a real server whose worker is away.

vi.setConfig({ testTimeout: 120_000 });

let system: LavaSystem;
let browser: Browser;
let page: Page;
let complaints: string[] = [];

beforeAll(async () => {
  system = await startSystem();
  await system.manage('devices', 'add', 'qemu02', '--device-type', 'qemu', '--worker', 'w1');
  ({ browser, page, complaints } = await openPage({ viewport: { width: 1240, height: 700 }, colorScheme: 'light', reducedMotion: 'reduce' }));
  page.setDefaultTimeout(30_000);
  await page.goto(`${system.url}/accounts/login/?next=/scheduler/jobsubmit`);
  await page.locator('input[name=username]').fill('admin');
  await page.locator('input[name=password]').fill(system.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/scheduler\/jobsubmit/);
});

afterAll(async () => {
  await browser?.close();
  await stopSystem(system);
});

const go = (path: string) => page.goto(system.url + path);
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });

/** Puts a text into the editor of that name, as one pastes it. */
async function write(editor: string, text: string): Promise<void> {
  await page.getByRole('textbox', { name: editor }).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

const threeMistakes = `job_name: three mistakes
device_type: qemu
visibility: public
prority: high
timeouts:
  job: {minutes: ten}
context:
  arch: amd64
actions:
- deploy:
    to: tmpfs
    images:
      kernel: {url: 'https://files.example.org/vmlinuz', image_arg: '-kernel {kernel}'}
- boot:
    method: quemu
    prompts: ['root@guest']
`;

test('three mistakes show three marks, each with what to do, and a key leads from one to the next', async () => {
  await write('Job definition (YAML)', threeMistakes);
  const problems = page.getByRole('region', { name: 'Problems' });
  await problems.getByText('prority').first().waitFor();
  expect(await page.locator('.cm-gutter-lint .cm-lint-marker').count()).toBe(3);
  const items = await problems.getByRole('listitem').allTextContents();
  expect(items).toHaveLength(3);
  expect(items.join('\n')).toMatch(/prority[\s\S]*priority/);
  expect(items.join('\n')).toMatch(/quemu[\s\S]*qemu/);
  expect(items.filter((text) => text.includes('minutes'))).toHaveLength(1);
  // With a folder here, what docs/job-definition.md shows is made anew.
  const pictures = process.env['LAVA_PICTURES'];
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, 'submit-editor.png') });
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.press('F8');
  await page.locator('.cm-activeLine', { hasText: 'prority' }).waitFor();
  expect(await button('Submit').isDisabled()).toBe(true);
  await problems.getByRole('link', { name: 'unknown-key' }).click();
  await page.getByRole('heading', { name: 'unknown-key' }).waitFor();
});

test('a test definition is checked in the same editor', async () => {
  await go('/scheduler/testdefinition');
  await write('Test definition (YAML)', 'metadata:\n  format: Lava-Test Test Definition 1.0\n  name: a\nrun:\n  steps: 3\n');
  await page.getByRole('region', { name: 'Problems' }).getByText('steps').first().waitFor();
  expect(await page.locator('.cm-gutter-lint .cm-lint-marker').count()).toBe(1);
});

test('a dictionary is written with its mistakes marked, and keeps what it was', async () => {
  await go('/scheduler/device/qemu02/devicedict');
  await button('Write it').click();
  await write('Device dictionary', "{% extends 'qemu.jinja2' %}\n{% set memory = %}\n");
  await page.locator('.cm-gutterElement', { has: page.locator('.cm-lint-marker') }).waitFor();
  await page.getByRole('region', { name: 'Problems' }).getByText('Line 2:17').waitFor();
  const save = async (memory: number) => {
    await write('Device dictionary', `{% extends 'qemu.jinja2' %}\n{% set mac_addr = '52:54:00:12:34:02' %}\n{% set memory = ${memory} %}\n`);
    await page.getByText('Nothing wrong').waitFor();
    await button('Save').click();
    await page.getByText(`memory = ${memory}`).waitFor();
  };
  await save(256);
  await button('Edit').click();
  await save(512);
  await page.getByRole('link', { name: 'Versions' }).click();
  const changed = page.getByRole('region', { name: 'What changed in device dictionary' });
  await changed.getByText('memory = 512').waitFor();
  expect(await changed.locator('[data-kind=removed]').allTextContents()).toEqual([expect.stringContaining('memory = 256')]);
  expect(await system.api('/api/v1/devices/qemu02')).toMatchObject({ dictionary: expect.stringContaining('memory = 512') });
});

test('what is kept in a file is shown with its path, and not to be changed here', async () => {
  await go('/scheduler/device/qemu01/devicedict');
  await page.getByText('Kept in a file on the server').waitFor();
  await page.getByText(join(system.root, 'etc/lava-server/dispatcher-config/devices/qemu01.jinja2')).waitFor();
  expect(await button('Edit').count()).toBe(0);
});

test('a device is checked when one asks for it', async () => {
  const written = await fetch(`${system.url}/api/v1/configuration/health-check/qemu`, {
    method: 'POST', headers: { authorization: `Token ${system.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ text: 'job_name: check\nvisibility: public\ntimeouts: {job: {minutes: 5}}\nactions: []\n' }),
  });
  expect(written.status).toBe(204);
  await system.api('/api/v1/devices/qemu02/health', { health: 'Good' });
  await go('/scheduler/device/qemu02');
  await page.getByText('as soon as the device is free').waitFor();
  await button('Check now').click();
  await page.getByText('health check asked for').waitFor();
  expect(await system.api('/api/v1/devices/qemu02')).toMatchObject({ health: 'Unknown' });
});

test('a device that is given to a group is hidden from the others', async () => {
  await go('/admin/groups');
  await page.getByLabel('New group').fill('keepers');
  await button('Add').click();
  await page.getByRole('cell', { name: 'keepers', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Users' }).click();
  await button('Add a user').click();
  await page.getByLabel('User name').fill('kim');
  await page.getByLabel('keepers').check();
  await button('Add').click();
  await page.getByRole('row', { name: /kim.*keepers/ }).waitFor();

  const seen = async () => (await fetch(`${system.url}/api/v1/devices/qemu02`)).status;
  expect(await seen()).toBe(200);
  await go('/scheduler/device/qemu02');
  await page.getByLabel('May', { exact: true }).selectOption('view');
  await button('Give').click();
  await button('Take "See it" from keepers').waitFor();
  expect(await seen()).toBe(404);
  await button('Take "See it" from keepers').click();
  await waitUntil('the device to be seen again', async () => await seen() === 200);
});

test('a group of jobs shows its members, why they wait, and what a cancel ends', async () => {
  const { job_ids: [first, second] } = await system.api<{ job_ids: string[] }>('/api/v1/jobs', { definition: `job_name: pair
visibility: public
timeouts: {job: {minutes: 5}}
protocols:
  lava-multinode:
    roles:
      server: {device_type: qemu, count: 1, essential: true, context: {arch: amd64}}
      client: {device_type: qemu, count: 1, context: {arch: amd64}}
actions:
- test: {role: [server, client], definitions: [{repository: {metadata: {format: Lava-Test Test Definition 1.0, name: a}, run: {steps: [lava-sync a]}}, from: inline, name: a, path: a.yaml}]}
` });
  await go('/scheduler/jobs/queued');
  await page.getByRole('link', { name: second!, exact: true }).click();
  const group = page.getByRole('navigation', { name: 'Jobs of the multinode group' });
  await group.waitFor();
  expect(await group.getByRole('listitem').allTextContents()).toEqual([expect.stringMatching(/server.*essential/), expect.stringContaining('client')]);
  const devices = page.getByRole('table', { name: 'Devices that could run the job' });
  await devices.getByRole('row', { name: /qemu01.*w1/ }).waitFor();
  expect(await devices.getByRole('row').count()).toBe(3);
  await page.getByRole('link', { name: 'Definition', exact: true }).click();
  await page.getByText('lava-multinode').first().waitFor();
  await page.getByRole('link', { name: 'This job’s own' }).click();
  await page.getByText('target_group').waitFor();

  // Another one's end is seen here without a reload.
  const other = await browser.newPage();
  await other.goto(`${system.url}/scheduler/job/${first}`);
  const member = other.getByRole('navigation', { name: 'Jobs of the multinode group' }).getByRole('listitem').filter({ hasText: 'client' });
  await member.getByText('Submitted').waitFor();

  await button('Cancel job').click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.textContent()).toMatch(new RegExp(`1 other job will be canceled too:server ${first!.replace('.', '\\.')}`));
  await dialog.getByRole('button', { name: 'Cancel 2 jobs' }).click();
  await group.getByRole('listitem').filter({ hasText: 'server' }).getByText('Canceled').waitFor();
  await member.getByText('Canceled').waitFor();
  await other.close();
});

test('the lab is taken out as a file, changed, and looked at before it is put back', async () => {
  await go('/admin/lab');
  await button('Take out the lab as it is').click();
  await page.getByText('Nothing would change').waitFor();
  await page.getByRole('textbox', { name: 'Lab file (YAML)' }).click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.insertText('# mine\n');
  await page.getByText('Nothing would change').waitFor();
  await write('Lab file (YAML)', 'devices:\n  qemu02: {device_type: qemu, description: beside the window}\n');
  await page.getByText('1 object would change').waitFor();
  await page.getByText('beside the window').last().waitFor();
  await button('Apply').click();
  await page.getByText('The lab is as the file says.').waitFor();
  expect(await system.api('/api/v1/devices/qemu02')).toMatchObject({ description: 'beside the window' });
});

test('a token is made and shown once', async () => {
  await go('/me');
  await page.getByLabel('What for').fill('a script');
  await button('Make a token').click();
  const secret = await page.getByText('Copy it now').locator('xpath=../..').locator('code').textContent();
  expect(await (await fetch(`${system.url}/api/v1/me`, { headers: { authorization: `Token ${secret}` } })).json()).toMatchObject({ username: 'admin' });
  await page.getByRole('cell', { name: 'a script', exact: true }).waitFor();
});

test('the browser had nothing to complain about', () => {
  expect(complaints).toEqual([]);
});
