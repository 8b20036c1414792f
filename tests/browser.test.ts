import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { waitUntil, type LavaSystem } from '@lava/testbed';
import { openPage } from './support/browser.ts';
import { guest, numberedLines, ramdiskJob } from './support/jobs.ts';
import { finished, startSystem, stopSystem } from './support/system.ts';

// What a person does with a browser, on the whole system: sign in, submit, watch lines come, look at results, cancel.

vi.setConfig({ testTimeout: 180_000 });

let system: LavaSystem;
let browser: Browser;
let page: Page;
let complaints: string[] = [];

beforeAll(async () => {
  system = await startSystem();
  system.startWorker('w1');
  ({ browser, page, complaints } = await openPage({ viewport: { width: 1440, height: 900 } }));
  page.setDefaultTimeout(60_000);
});

afterAll(async () => {
  await browser?.close();
  await stopSystem(system);
});

/** Types a definition into the editor, which completes brackets typed by hand: pastes it, as people do. */
async function submitInPage(definition: string): Promise<number> {
  await page.getByRole('link', { name: 'Submit', exact: true }).click();
  const editor = page.getByRole('textbox', { name: 'Job definition (YAML)' });
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(definition);
  const button = page.getByRole('button', { name: 'Submit', exact: true });
  await waitUntil('the definition to be checked', () => button.isEnabled());
  await button.click();
  await page.waitForURL(/\/scheduler\/job\/\d+$/);
  return Number(page.url().split('/').at(-1));
}

test('signing in leads to the page that was asked for', async () => {
  await page.goto(`${system.url}/scheduler/jobsubmit`);
  await page.getByRole('link', { name: 'Sign in' }).first().click();
  await page.waitForURL(/\/accounts\/login\/?\?next=/);
  await page.locator('input[name=username]').fill('admin');
  await page.locator('input[name=password]').fill(system.password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/scheduler\/jobsubmit/);
});

test('a mistake is marked at its line, and the job cannot be submitted', async () => {
  const editor = page.getByRole('textbox', { name: 'Job definition (YAML)' });
  await editor.click();
  await page.keyboard.insertText('job_name: x\ndevice_typ: qemu\n');
  const problems = page.getByRole('region', { name: 'Problems' });
  await problems.getByText('device_typ').first().waitFor();
  expect(await problems.textContent()).toMatch(/device_type/);
  expect(await page.getByRole('button', { name: 'Submit', exact: true }).isDisabled()).toBe(true);
});

test('a job shows its lines while it runs, then its results', async () => {
  const id = await submitInPage(ramdiskJob(await guest(), [
    'lava-test-case first --result pass', numberedLines(60, 0.1), 'lava-test-case speed --result pass --measurement 12.5 --units MB/s', 'lava-test-case second --result fail',
  ], { name: 'watched job' }));
  const log = page.getByRole('log');
  await log.getByText('numbered line 5', { exact: true }).waitFor();
  // Lines come one by one, so this one is seen before the job can be over.
  expect((await system.api<{ state: string }>(`/api/v1/jobs/${id}`)).state).toBe('Running');
  const results = page.getByRole('region', { name: 'Results' });
  await results.getByText('first', { exact: true }).waitFor();

  await page.getByText('Complete', { exact: true }).first().waitFor();
  await results.getByText('second', { exact: true }).waitFor();
  expect(await results.textContent()).toMatch(/12\.5 MB\/s/);
  const suite = page.getByRole('region', { name: 'Suite 0_steps' });
  expect(await suite.textContent()).toMatch(/second.*first/s); // failures first

  await page.getByRole('group', { name: 'Actions of the job' }).getByText('boot-image-retry').click();
  await log.getByText(/^start: 2 boot-image-retry/).waitFor();
});

test('a failed job says what to do, and leads to the page that says more', async () => {
  await submitInPage(ramdiskJob({ ...await guest(), kernel: '/nowhere/vmlinuz' }, [], { name: 'no such kernel' }));
  await page.getByText('Incomplete', { exact: true }).first().waitFor();
  const notice = page.getByRole('status').filter({ hasText: 'Job error' });
  await notice.getByRole('link').click();
  await page.waitForURL(/\/help\/job-failures#/);
  const code = page.url().split('#')[1]!;
  expect(await page.locator('tr[data-marked]').textContent()).toContain(code);
});

test('a running job is canceled from its page', async () => {
  const id = await submitInPage(ramdiskJob(await guest(), [numberedLines(5000, 0.1)], { name: 'to be canceled' }));
  await page.getByRole('log').getByText('numbered line 3', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Cancel job' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel job' }).click();
  await page.getByText('Canceled', { exact: true }).first().waitFor();
  expect(await finished(system, id)).toMatchObject({ health: 'Canceled' });
});

test('lists follow what happens, and addresses of lines lead to them', async () => {
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await page.getByRole('link', { name: 'to be canceled' }).or(page.getByText('to be canceled')).first().waitFor();
  await page.goto(`${system.url}/scheduler/job/1#L14`);
  await page.locator('[data-marked]').first().waitFor();
  expect(await page.locator('[data-marked]').first().getAttribute('data-n')).toBe('14');
  for (const address of ['/scheduler/alldevices', '/scheduler/device/qemu01', '/scheduler/allworkers']) {
    await page.goto(system.url + address);
    await page.getByText('qemu').or(page.getByText('w1')).first().waitFor();
  }
});

test('the browser had nothing to complain about', () => {
  expect(complaints).toEqual([]);
});
