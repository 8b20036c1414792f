import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { checkDeviceType, compareConfigurations } from './index.ts';

const ours = fileURLToPath(new URL('../../../device-types', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lava-types-'));
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('compareConfigurations', () => {
  it('says which keys differ, are missing or are new', () => {
    expect(compareConfigurations({ a: 1, b: { c: [1], d: {} }, e: null }, { a: 1, b: { c: [1, 2], d: null }, f: 'x' })).toEqual([
      { path: 'b/c', before: [1], after: [1, 2] }, { path: 'e', before: null, after: undefined }, { path: 'f', before: undefined, after: 'x' },
    ]);
    expect(compareConfigurations({ a: 10n }, { a: 10n })).toEqual([]);
  });
});

describe('checkDeviceType', () => {
  it.each([
    ['a syntax error', "{% extends 'base.jinja2' %}\n{% if %}", /device type board: board\.jinja2, line 2/, { file: 'board.jinja2', line: 2 }],
    ['a missing parent', "{% extends 'base-ubot.jinja2' %}", /there is no template 'base-ubot\.jinja2'/, { file: 'board.jinja2', line: 1 }],
    ['a wrong value', "{% extends 'base-uboot.jinja2' %}\n\n{% set ssh_port = 22 %}\n{% set power_on_command = 4711 %}", /commands\.power_on must be a command/, { file: 'board.jinja2', line: 4 }],
    ['no methods', "{% extends 'base.jinja2' %}", /actions is missing/, undefined],
  ])('says where %s is', (_, text, message, at) => {
    writeFileSync(join(folder, 'board.jinja2'), text);
    const error = checkDeviceType('board', [folder, ours]);
    expect(error?.message).toMatch(message);
    if (at) expect(error?.at).toMatchObject(at);
  });

  it('knows what was meant', () => {
    expect(checkDeviceType('beaglebone-blak', [ours])).toMatchObject({ message: "there is no device type 'beaglebone-blak'", hint: 'Did you mean "beaglebone-black"?' });
    expect(checkDeviceType('beaglebone-black', [ours])).toBeUndefined();
  });
});
