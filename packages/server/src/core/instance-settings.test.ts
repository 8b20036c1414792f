import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lavaPaths } from '@lava/base';
import { readInstanceSettings } from './instance-settings.ts';

const root = mkdtempSync(join(tmpdir(), 'lava-settings-'));
afterAll(() => rmSync(root, { recursive: true }));
const paths = lavaPaths(root);
mkdirSync(paths.serverConfig, { recursive: true });

function read(text: string) {
  writeFileSync(join(paths.serverConfig, 'settings.yaml'), text);
  return readInstanceSettings(paths);
}

describe('trying jobs again', () => {
  test.each([
    ['', { limit: 3 }],
    ['RETRY_LIMIT: 0\n', { limit: 0 }],
    ['RETRY_LIMIT: 5\nRETRY_DEFAULT: {reasons: [lease-expired]}\n', { limit: 5, usual: { count: 1, reasons: ['lease-expired'], delay: 0 } }],
  ])('%j', async (text, retries) => expect((await read(text)).retries).toEqual(retries));

  test.each(['RETRY_LIMIT: many\n', 'RETRY_LIMIT: -1\n', 'RETRY_LIMIT: 1.5\n', 'RETRY_DEFAULT: 2\n', 'RETRY_DEFAULT: {times: 2}\n'])('refused: %j', async (text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'settings-file', message: expect.stringMatching(/^RETRY_/) as string });
  });
});
