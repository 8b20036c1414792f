#!/usr/bin/env node
// Writes the list of device types into docs/devices.md, between its two marks, from the templates in device-types/.
// With --check: says whether the list is up to date, without writing.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}docs/devices.md`;

const types = new Map(readdirSync(`${root}device-types`).filter((file) => file.endsWith('.jinja2')).sort().map((file) => {
  const text = readFileSync(`${root}device-types/${file}`, 'utf8');
  const comment = /^\{#\s*([\s\S]*?)\s*#\}/.exec(text)?.[1].replace(/\s+/g, ' ') ?? '';
  return [file.slice(0, -'.jinja2'.length), { parent: /\{% extends '([^']+)\.jinja2' %\}/.exec(text)?.[1], what: comment.split(/[.:](?= )/)[0].replace(/\.$/, '') }];
}));

/** The families are what extends "base" itself; a board belongs to the last of its ancestors before that. */
function familyOf(name) {
  const parent = types.get(name)?.parent;
  return parent === undefined || parent === 'base' ? name : familyOf(parent);
}

const families = [...types.keys()].filter((name) => types.get(name).parent === 'base');
const members = (family) => [...types.keys()].filter((name) => name !== family && familyOf(name) === family && !name.startsWith('base-'));
const row = (name) => `| \`${name}\` | ${types.get(name).what.replaceAll('|', '\\|')} |`;

const list = [
  ...families.filter((family) => members(family).length > 0).map((family) => [
    `### ${family}`, '', `${types.get(family).what}.`, '', '| device type | for |', '| --- | --- |', ...(family.startsWith('base-') ? [] : [row(family)]), ...members(family).map(row), '',
  ].join('\n')),
  ['### By themselves', '', '| device type | for |', '| --- | --- |', ...families.filter((family) => members(family).length === 0).map(row), ''].join('\n'),
].join('\n');

const [begin, end] = ['<!-- list of device types: written by scripts/list-device-types.mjs -->', '<!-- end of the list -->'];
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const [, after] = (rest ?? '').split(end);
if (after === undefined) throw new Error(`docs/devices.md lacks the marks of the list: ${begin} … ${end}`);
const wanted = `${before}${begin}\n\n${list}\n${end}${after}`;
if (process.argv.includes('--check')) {
  if (wanted !== text) {
    process.stderr.write('docs/devices.md: the list of device types is not up to date; run node scripts/list-device-types.mjs\n');
    process.exitCode = 1;
  }
} else if (wanted !== text) writeFileSync(page, wanted);
