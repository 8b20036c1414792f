import { chromium, type Browser, type Page } from 'playwright-core';

/** A page of a browser, and what its console complained of. */
export interface OpenPage {
  readonly browser: Browser;
  readonly page: Page;
  readonly complaints: string[];
}

/** Opens a page in Chromium: Debian's, or the one that `CHROMIUM` names. */
export async function openPage(options: NonNullable<Parameters<Browser['newPage']>[0]>): Promise<OpenPage> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') complaints.push(m.text()); });
  page.on('pageerror', (e) => complaints.push(e.message));
  return { browser, page, complaints };
}
