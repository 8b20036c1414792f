import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkDevice, deviceTypeOf, listTemplates } from './index.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = `${root}device-types`;
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const pages = ['docs/devices.md', ...readdirSync(`${root}docs/devices`).map((file) => `docs/devices/${file}`)];
const templates = listTemplates([folder]).map((type) => read(`device-types/${type}.jinja2`)).join('\n');
const blocks = (page: string): string[] => read(page).split('```jinja\n').slice(1).map((rest) => rest.slice(0, rest.indexOf('```')));

describe.each(pages)('%s', (page) => {
  const dictionaries = blocks(page).filter((text) => !text.startsWith('{#'));

  it.each(dictionaries.map((dictionary, i): [string, string] => [`${i + 1}: ${deviceTypeOf(dictionary)}`, dictionary]))('its dictionary %s is whole', (_, dictionary) => {
    expect(checkDevice({ name: 'board01', dictionary, lookup: [folder] }).problems).toEqual([]);
  });

  it('names variables that device types read', () => {
    const set = dictionaries.flatMap((text) => [...text.matchAll(/\{% set (\w+) =/g)].map((match) => match[1]!));
    const told = [...read(page).matchAll(/^\| ((?:`\w+`(?:, | and | with )?)+) \|/gm)].flatMap((row) => [...row[1]!.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
    expect([...set, ...told]).not.toEqual([]);
    // Rows of the list of device types name them, and those of "board" its keys.
    const types = listTemplates([folder]);
    const known = (name: string) => types.includes(name) || new RegExp(`\\b${name}\\b`).test(templates);
    expect([...set, ...told].filter((name) => !known(name))).toEqual([]);
  });
});

describe('docs/devices.md', () => {
  it('lists every device type', () => {
    expect(spawnSync(process.execPath, [`${root}scripts/list-device-types.mjs`, '--check'], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('has a device type of its own in an example that is right', () => {
    const board = blocks('docs/devices.md').find((text) => text.startsWith('{#'));
    const dictionary = "{% extends 'my-board.jinja2' %}{% set connection_command = 'x' %}{% set hard_reset_command = 'x' %}{% set power_off_command = 'x' %}";
    expect(checkDevice({ name: 'board01', dictionary, lookup: [new Map([['my-board.jinja2', board!]]), folder] }).problems).toEqual([]);
  });

  it('has a page for every family', () => {
    const text = pages.slice(1).map(read).join('\n');
    const families = listTemplates([folder]).filter((type) => type !== 'base' && deviceTypeOf(read(`device-types/${type}.jinja2`)) === 'base' && type !== 'seco-c61');
    expect(families.filter((family) => !text.includes(`\`${family}\``) && !new RegExp(`extends '${family}\\.`).test(text))).toEqual([]);
    for (const page of readdirSync(`${root}docs/devices`)) expect(read('docs/devices.md')).toContain(`(devices/${page})`);
  });
});
