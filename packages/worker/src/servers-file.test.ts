import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonLog } from '@lava/base';
import { expect, onTestFinished, test } from 'vitest';
import { ServersFile } from './servers-file.ts';

const servers = [{ master: 'tcp://a:5556', logger: 'tcp://a:5555' }, { master: 'tcp://b:5556', logger: 'tcp://b:5555' }];

function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'lava-servers-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const lines: string[] = [];
  const log = daemonLog('DEBUG', (line) => { lines.push(line); });
  return { folder, file: join(folder, 'servers.json'), lines, open: (key = 'key', at = folder) => new ServersFile(at, key, log) };
}

test('the next start finds them, and only with the same key', async () => {
  const { folder, open } = setup();
  expect(await open().read()).toEqual([]);
  const first = open();
  first.keep(servers.slice(1));
  first.keep(servers);
  await first.close();
  expect(readdirSync(folder)).toEqual(['servers.json']);
  expect(await open().read()).toEqual(servers);
  expect(await open('another').read()).toEqual([]);
});

test('what is kept already is not written again', async () => {
  const { file, open } = setup();
  const first = open();
  first.keep(servers);
  await first.close();
  rmSync(file);
  first.keep(servers);
  await first.close();
  expect(() => readFileSync(file)).toThrow('ENOENT');
});

test('a file that is none, and a disk that takes nothing, hold up nobody', async () => {
  const { folder, file, lines, open } = setup();
  for (const text of ['{', 'null', '[]', '{"key":"key","servers":7}', '{"key":"key","servers":[null,1,{"master":1}]}', '']) {
    writeFileSync(file, text);
    expect([text, await open().read()]).toEqual([text, []]);
  }
  expect(lines.some((line) => line.includes('servers.json is not used'))).toBe(true);
  mkdirSync(`${file}.new`);
  const one = open();
  one.keep(servers);
  await one.close();
  expect(lines.at(-1)).toContain('Cannot keep the servers');
  rmSync(join(folder, 'servers.json.new'), { recursive: true });
  one.keep(servers);
  await one.close();
  expect(await open().read()).toEqual(servers);
});
