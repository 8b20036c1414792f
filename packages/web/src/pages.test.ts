import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../dev/browser.ts';
import { type FakeServer, startFakeServer } from '../dev/fake-server.ts';

// The built pages in a real browser, over a made-up lab: what one file's test cannot see.

const web = fileURLToPath(new URL('..', import.meta.url));
let browser: Browser;
let dist: string;
let server: FakeServer;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  dist = fileURLToPath(new URL('../node_modules/.cache/pages-test', import.meta.url));
  // As it is shipped: the test runner's NODE_ENV would give React's development parts.
  await promisify(execFile)('npx', ['vite', 'build', '--logLevel', 'error', '--emptyOutDir', '--outDir', dist], { cwd: web, env: { ...process.env, NODE_ENV: 'production' } });
  browser = await startBrowser();
});
afterAll(async () => { await browser?.close(); });
afterEach(async () => {
  await page?.close();
  await server?.stop();
});

async function open(path: string, options: { width?: number; dark?: boolean; user?: string | null; empty?: boolean; linesPerSecond?: number } = {}): Promise<Page> {
  server = await startFakeServer({ dist, ...(options.user !== undefined && { user: options.user }), ...(options.empty && { empty: true }), linesPerSecond: options.linesPerSecond ?? 8 });
  page = await browser.newPage({ viewport: { width: options.width ?? 1440, height: 900 }, colorScheme: options.dark ? 'dark' : 'light', reducedMotion: 'reduce' });
  page.setDefaultTimeout(60_000);
  complaints = [];
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') complaints.push(m.text()); });
  page.on('pageerror', (e) => complaints.push(e.message));
  await page.goto(server.url + path);
  return page;
}

const places: [string, string][] = [
  ['/', 'worker03'], ['/accounts/login/?next=/', 'Password'], ['/scheduler/alljobs', 'hundred thousand'], ['/scheduler/job/43', 'live line'], ['/scheduler/job/41', 'Kernel panic'], ['/results/40/0_smoke/dns', 'resolver timed out'],
  ['/scheduler/job/46', 'Place 2 in the queue'], ['/scheduler/job/40/definition', 'job_name'], ['/scheduler/job/40/metadata', 'git-describe'], ['/scheduler/job/41/audit', 'Given up after 12 tries'], ['/scheduler/job/999', 'There is no job 999'],
  ['/scheduler/jobsubmit', 'checked as you type'], ['/scheduler/alldevices', 'rpi4-03'], ['/scheduler/device/rpi4-03', 'new SD card'], ['/scheduler/device_types', 'pixel-6'], ['/scheduler/device_type/rpi4', 'allmodconfig'],
  ['/scheduler/job/37', '3 jobs in 3 roles'], ['/scheduler/job/36/definition', 'The whole group'], ['/scheduler/testdefinition', 'checked as you type'], ['/scheduler/device/rpi4-03/devicedict', 'shelf 2'], ['/scheduler/device/qemu01/devicedict', 'Kept in a file'],
  ['/scheduler/device/rpi4-03/devicedict?view=edit', 'Nothing wrong'], ['/scheduler/device/rpi4-03/devicedict?view=versions', 'ser1'], ['/scheduler/device_type/rpi4/template', 'Comes with LAVA'],
  ['/me', 'laptop'], ['/admin/users', 'ci-kernel'], ['/admin/groups', 'weight 2, at most 12 devices'], ['/admin/tokens', 'kernelci bridge'], ['/admin/lab', 'Take out the lab'], ['/help/job-failures#kernel-panic', 'The kernel panicked'],
  ['/results/query', 'slow-boots'], ['/results/query/~ann/nightly-failures', 'Take 12 in again'], ['/results/query/~ann/nightly-failures/+edit', 'Add a condition'],
  ['/results/query/+custom?entity=testcase&conditions=testjob__health__exact__Incomplete', '12.5 ms'], ['/results/chart/trend', '27 of 28'], ['/results/chart/+add', 'Plot 1'],
  ['/scheduler/allworkers', 'build host'], ['/scheduler/worker/worker03', 'silent for'], ['/scheduler/worker/worker02', '61 of 75 from the cache'], ['/nowhere', 'nothing at this address'],
];

describe('every page', () => {
  for (const [i, [path, text]] of places.entries()) {
    test(`${path} shows its content, breaks nothing, fits a phone, and axe finds nothing`, async () => {
      const dark = i % 2 === 0;
      await open(path, { dark });
      await page.getByText(text).first().waitFor();
      const violations = async () => {
        // Through the debugger, so that the page's own security policy does not mind.
        await page.evaluate(axe.source);
        return page.evaluate(async () => {
          const found = await (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run();
          return found.violations.map((v) => `${v.id}: ${v.nodes[0]?.html} ${v.nodes[0]?.failureSummary}`);
        });
      };
      expect(await violations()).toEqual([]);
      await page.emulateMedia({ colorScheme: dark ? 'light' : 'dark' });
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(await violations()).toEqual([]);
      expect(complaints.filter((c) => !c.includes('404'))).toEqual([]);
    });
  }
});

test('what a first visit loads is below 200 KB compressed', async () => {
  server = await startFakeServer({ dist });
  page = await browser.newPage();
  let bytes = 0;
  const bodies: Promise<void>[] = [];
  page.on('response', (r) => { if (!r.url().includes('/api/')) bodies.push(r.body().then((b) => { bytes += gzipSync(b).length; })); });
  await page.goto(server.url, { waitUntil: 'networkidle' });
  await Promise.all(bodies);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(200_000);
});

test('signing in leads to where one wanted to go, and never to another site', async () => {
  await open('/accounts/login/?next=/scheduler/job/40', { user: null });
  const elsewhere = page.getByRole('link', { name: 'Sign in with Example' });
  expect(await elsewhere.getAttribute('href')).toBe('/login/oidc/example?next=%2Fscheduler%2Fjob%2F40');
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('User name or password is wrong').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('secret');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/scheduler/job/40');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.goto(`${server.url}/accounts/login/?next=//example.com/`);
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password', { exact: true }).fill('secret');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${server.url}/`);
});

test('a definition is checked while it is typed, and submitted', async () => {
  await open('/scheduler/jobsubmit');
  const editor = page.getByRole('textbox', { name: 'Job definition (YAML)' });
  await editor.click();
  await page.keyboard.insertText('job_name: mine\ntimeoutz: 3\n');
  await page.getByText('Unknown key "timeoutz"').waitFor();
  await page.locator('.cm-lintRange-error', { hasText: 'timeoutz' }).waitFor();
  expect(await page.getByRole('button', { name: 'Submit', exact: true }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: /Unknown key/u }).click();
  await page.locator('.cm-activeLine', { hasText: 'timeoutz' }).waitFor();

  await editor.press('Control+a');
  await editor.press('Delete');
  await page.getByRole('button', { name: 'Insert an example' }).click();
  await page.getByText('Nothing wrong').waitFor();
  await editor.press('Control+Enter');
  await page.waitForURL('**/scheduler/job/43');
});

const log = () => page.getByRole('log');
const fromEnd = () => log().evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
const lastLine = () => log().evaluate((box) => Number([...box.querySelectorAll('[data-n]')].at(-1)?.getAttribute('data-n')));
/** True when the middle of that line's row lies inside of the log's box. */
const visible = (n: number) => log().evaluate((box, line) => {
  const row = box.querySelector(`[data-n="${line}"]`)?.getBoundingClientRect();
  const frame = box.getBoundingClientRect();
  return row !== undefined && row.top + row.height / 2 > frame.top && row.top + row.height / 2 < frame.bottom;
}, n);

describe('the log of a running job', () => {
  test('is followed, lets go when one scrolls up, and takes hold again', async () => {
    await open('/scheduler/job/43', { linesPerSecond: 80 });
    await page.getByText('Following').waitFor();
    const before = await lastLine();
    await expect.poll(lastLine).toBeGreaterThan(before + 20);
    await expect.poll(fromEnd).toBeLessThan(25);
    await log().hover();
    await page.mouse.wheel(0, -600);
    await page.getByRole('button', { name: 'Jump to end' }).waitFor();
    const top = await log().evaluate((box) => box.scrollTop);
    await expect.poll(fromEnd).toBeGreaterThan(900); // lines came, the view stayed
    expect(await log().evaluate((box) => box.scrollTop)).toBe(top);
    await page.getByRole('button', { name: 'Jump to end' }).click();
    await page.getByText('Following').waitFor();
    await expect.poll(fromEnd).toBeLessThan(25);
  });

  test('goes on after the connection was lost, without a gap and without a line twice', async () => {
    await open('/scheduler/job/43', { linesPerSecond: 40 });
    await page.getByText('Following').waitFor();
    const before = await lastLine();
    server.drop();
    await page.getByText('Offline').waitFor();
    server.mend();
    await page.getByText('Live', { exact: true }).waitFor({ state: 'attached' });
    await expect.poll(lastLine).toBeGreaterThan(before + 60);
    const rows = await log().evaluate((box) => [...box.querySelectorAll('[data-n]')].map((row) => [Number(row.getAttribute('data-n')), row.textContent ?? ''] as const));
    for (const [i, [n, text]] of rows.entries()) {
      expect(n).toBe((rows[0]?.[0] ?? 0) + i);
      if (text.includes('live line')) expect(text).toContain(`live line ${n}:`);
    }
  });

  test('results and steps arrive by themselves; the end is told', async () => {
    await open('/scheduler/job/43', { linesPerSecond: 80 });
    await page.getByRole('link', { name: /live-12/u }).first().waitFor();
    await page.getByRole('button', { name: /test-step-1/u }).waitFor();
    await page.getByRole('button', { name: 'Cancel job' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel job' }).click();
    await page.getByText('Canceled').first().waitFor();
  });
});

describe('a long log', () => {
  test('an address brings its line into view, far down as well', async () => {
    await open('/scheduler/job/42#L77123-L77125');
    await expect.poll(() => visible(77_123)).toBe(true);
    await expect.poll(() => log().locator('[data-marked]').count()).toBe(3);
    await log().locator('[data-n="77130"] a').first().click({ modifiers: ['Shift'] });
    await page.waitForURL('**/scheduler/job/42#L77123-L77130');
    expect(await visible(77_123)).toBe(true);
  });

  test('its end is a click away, and only what is looked at is fetched', async () => {
    await open('/scheduler/job/42');
    await log().getByText('lava-dispatcher, installed').waitFor();
    const asked: string[] = [];
    page.on('request', (r) => { if (r.url().includes('/log?')) asked.push(r.url()); });
    await page.getByRole('button', { name: 'Jump to end' }).click();
    await log().getByText('Job finished correctly').waitFor();
    expect(asked.length).toBeLessThan(6);
  });

  test('is searched on the server, and levels can be hidden', async () => {
    await open('/scheduler/job/42');
    await log().getByText('lava-dispatcher, installed').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('sample 9999 ');
    await page.getByText('1 / 10').waitFor();
    await expect.poll(() => log().locator('[data-current] mark').textContent()).toContain('sample 9999 ');
    await page.keyboard.press('Enter');
    await page.getByText('2 / 10').waitFor();
    await page.getByRole('button', { name: 'Target' }).click();
    await page.getByText(/^\d{1,3} of 100,\d{3} lines$/u).waitFor();
    expect(await log().locator('[data-level="target"]').count()).toBe(0);
    expect(new URL(page.url()).searchParams.get('hide')).toBe('target');
  });

  test('a million lines stay quick', async () => {
    await open('/scheduler/job/42');
    await log().getByText('lava-dispatcher, installed').waitFor();
    server.longer(42, 1_000_000);
    await page.reload();
    await page.getByText('1,000,000 lines').waitFor();
    await page.goto(`${server.url}/scheduler/job/42#L987654`);
    await expect.poll(() => visible(987_654)).toBe(true);
    await log().getByText('filler 987654', { exact: true }).waitFor();
  });
});

test('colours are text with a style, markup stays text', async () => {
  await open('/scheduler/job/40#L120');
  await expect.poll(() => log().locator('span', { hasText: /^ {2}OK {2}$/u }).first().evaluate((e) => getComputedStyle(e).color)).not.toBe('');
  await expect.poll(() => visible(120)).toBe(true);
  expect(await log().getByText('[0;32m').count()).toBe(0);
});

test('the keyboard: places, rows, help', async () => {
  await open('/');
  await page.getByText('Running').first().waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await page.waitForURL('**/scheduler/alljobs');
  await page.getByRole('table', { name: 'Jobs' }).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('46');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/scheduler/job/46');
});

test('lists follow what happens: a device changes its health before one’s eyes', async () => {
  await open('/scheduler/device/rpi4-03');
  const other = await browser.newPage();
  try {
    await other.goto(`${server.url}/scheduler/alldevices`);
    await other.getByRole('row', { name: /rpi4-03.*Bad/u }).waitFor();
    await page.getByRole('button', { name: 'Change health' }).click();
    await page.getByRole('radio', { name: /Maintenance/u }).check();
    await page.getByLabel('Reason').fill('new cable');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await other.getByRole('row', { name: /rpi4-03.*Maintenance/u }).waitFor();
    await page.getByText('new cable').waitFor();
  } finally {
    await other.close();
  }
});

test('a failure is explained in words and tags', async () => {
  await open('/scheduler/job/41/annotate_failure');
  await page.waitForURL('**/scheduler/job/41');
  await page.getByRole('button', { name: 'Say why it failed' }).click();
  await page.getByRole('checkbox', { name: 'flaky' }).check();
  await page.getByLabel('Comment').fill('the cable was out');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Note: flaky').waitFor();
  await page.getByText('the cable was out').waitFor();
});

test('old addresses lead to their views', async () => {
  await open('/scheduler/queue');
  await page.waitForURL('**/scheduler/jobs/queued');
  await page.goto(`${server.url}/results/40/0_smoke/dns`);
  await page.waitForURL('**/scheduler/job/40?pane=results&suite=0_smoke&case=dns');
  await page.getByText('resolver timed out').waitFor();
});

test('an empty lab says what to type', async () => {
  await open('/', { empty: true, user: null });
  await page.getByText('lava submit job.yaml --follow').waitFor();
  await page.getByText('lava-server manage devices add').waitFor();
});
