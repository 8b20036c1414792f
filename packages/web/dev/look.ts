import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { startFakeServer } from './fake-server.ts';

/**
 * Takes pictures of the built pages in both themes at two widths, into the folder that is named:
 * `node dev/run.mjs look /tmp/pictures [word of the name …]`. Prints what the console of the browser complains about.
 */
const [folder = '/tmp/pictures', ...only] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

interface View { name: string; path: string; user?: string | null; empty?: boolean; act?: (page: Page) => Promise<unknown>; wide?: boolean }
const views: View[] = [
  { name: 'home', path: '/' },
  { name: 'home-empty', path: '/', empty: true, user: null },
  { name: 'login', path: '/accounts/login/?next=/scheduler/job/43', user: null },
  { name: 'jobs', path: '/scheduler/alljobs' },
  { name: 'jobs-filtered', path: '/scheduler/jobs/finished?submitter=ann&search=smoke' },
  { name: 'job-running', path: '/scheduler/job/43', act: (p) => p.waitForTimeout(2500) },
  { name: 'job-failed', path: '/scheduler/job/41' },
  { name: 'job-done', path: '/scheduler/job/40#L60-L64' },
  { name: 'job-search', path: '/scheduler/job/42?q=sample+77&hide=debug' },
  { name: 'job-case', path: '/results/40/0_smoke/dns' },
  { name: 'job-queued', path: '/scheduler/job/46' },
  { name: 'job-definition', path: '/scheduler/job/40/definition' },
  { name: 'job-metadata', path: '/scheduler/job/40/metadata' },
  { name: 'job-audit', path: '/scheduler/job/41/audit' },
  { name: 'job-missing', path: '/scheduler/job/999' },
  { name: 'job-actions', path: '/scheduler/job/41?pane=actions' },
  { name: 'job-results', path: '/scheduler/job/40?pane=results' },
  { name: 'submit', path: '/scheduler/jobsubmit', act: async (p) => { await p.getByRole('button', { name: 'Insert an example' }).click(); await p.keyboard.press('Control+Home'); await p.keyboard.type('timeoutz: 3\n'); await p.waitForTimeout(900); } },
  { name: 'devices', path: '/scheduler/alldevices' },
  { name: 'device', path: '/scheduler/device/rpi4-03' },
  { name: 'device-health', path: '/scheduler/device/rpi4-03', act: (p) => p.getByRole('button', { name: 'Change health' }).click() },
  { name: 'device-types', path: '/scheduler/device_types' },
  { name: 'device-type', path: '/scheduler/device_type/rpi4' },
  { name: 'queries', path: '/results/query' },
  { name: 'query', path: '/results/query/~ann/nightly-failures' },
  { name: 'query-edit', path: '/results/query/~ann/nightly-failures/+edit' },
  { name: 'chart', path: '/results/chart/trend' },
  { name: 'workers', path: '/scheduler/allworkers' },
  { name: 'worker', path: '/scheduler/worker/worker03' },
  { name: 'worker-warned', path: '/scheduler/worker/worker02' },
  { name: 'group', path: '/scheduler/job/37' },
  { name: 'group-cancel', path: '/scheduler/job/36', act: (p) => p.getByRole('button', { name: 'Cancel job' }).click() },
  { name: 'group-definition', path: '/scheduler/job/36/definition' },
  { name: 'dictionary', path: '/scheduler/device/rpi4-03/devicedict' },
  { name: 'dictionary-file', path: '/scheduler/device/qemu01/devicedict' },
  { name: 'dictionary-edit', path: '/scheduler/device/rpi4-03/devicedict?view=edit', act: async (p) => { await p.locator('.cm-content').click(); await p.keyboard.press('Control+End'); await p.keyboard.type('{% set x = '); await p.waitForTimeout(900); } },
  { name: 'dictionary-versions', path: '/scheduler/device/rpi4-03/devicedict?view=versions' },
  { name: 'template', path: '/scheduler/device_type/rpi4/template' },
  { name: 'health-check', path: '/scheduler/device_type/pixel-6/health_check' },
  { name: 'test-definition', path: '/scheduler/testdefinition' },
  { name: 'me', path: '/me' },
  { name: 'users', path: '/admin/users' },
  { name: 'user', path: '/admin/users', act: (p) => p.getByRole('button', { name: 'ben' }).click() },
  { name: 'groups', path: '/admin/groups' },
  { name: 'share', path: '/admin/groups', act: (p) => p.getByRole('button', { name: 'share of kernel' }).click() },
  { name: 'tokens', path: '/admin/tokens' },
  { name: 'lab', path: '/admin/lab', act: async (p) => { await p.locator('.cm-content').click(); await p.keyboard.type('devices:'); await p.waitForTimeout(900); } },
  { name: 'help', path: '/help' },
  { name: 'help-page', path: '/help/job-failures#kernel-panic' },
  { name: 'worker-env', path: '/scheduler/worker/worker02/env' },
  { name: 'keys', path: '/scheduler/alljobs', act: (p) => p.keyboard.press('?') },
  { name: 'nowhere', path: '/scheduler/nothing' },
];

await mkdir(folder, { recursive: true });
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const browser = await startBrowser();
try {
  for (const view of views.filter((v) => only.length === 0 || only.some((o) => v.name === o || (o.endsWith('*') && v.name.startsWith(o.slice(0, -1)))))) {
    const server = await startFakeServer({ dist, ...(view.empty && { empty: true }), ...(view.user !== undefined && { user: view.user }) });
    for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'no-preference', hasTouch: width < 500 });
        page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') say(`${view.name}: console: ${m.text()}`); });
        page.on('pageerror', (e) => say(`${view.name}: error: ${e.message}`));
        await page.goto(server.url + view.path);
        await page.waitForTimeout(900);
        await view.act?.(page);
        await page.waitForTimeout(300);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (sideways) say(`${view.name} ${width}: the page scrolls sideways`);
        await page.screenshot({ path: `${folder}/${view.name}-${width}-${colorScheme}.png` });
        await page.close();
      }
    }
    await server.stop();
    say(view.name);
  }
} finally {
  await browser.close();
}
