#!/usr/bin/env node
// Writes the tables of methods into docs/methods.md, between its two marks, from packages/dispatcher/src/method-coverage.ts.
// With --check: says whether they are up to date, without writing.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = `${root}docs/methods.md`;

const { outputFiles } = await build({ entryPoints: [`${root}packages/dispatcher/src/method-coverage.ts`], bundle: true, write: false, format: 'esm', platform: 'node', logLevel: 'error' });
const { methodCoverage } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);

const headings = { deploy: 'Deploy (`to:`)', boot: 'Boot (`method:`)', test: 'Test' };
const row = ({ name, shown, by, test }) => `| \`${name}\` | ${shown} | ${by} | [${test.split('/').at(-1)}](../${test}) |`;
const tables = Object.entries(methodCoverage).map(([family, methods]) => {
  return [`## ${headings[family]}`, '', `${methods.length} methods.`, '', '| method | shown | by | test |', '| --- | --- | --- | --- |',
    ...[...methods].sort((a, b) => (a.name < b.name ? -1 : 1)).map(row), ''].join('\n');
});

const marks = ['<!-- methods: made by scripts/list-methods.mjs -->', '<!-- end of methods -->'];
const text = readFileSync(page, 'utf8');
const [before, rest = ''] = text.split(marks[0]);
const after = rest.split(marks[1])[1];
if (after === undefined) throw new Error(`docs/methods.md lacks the marks ${marks.join(' and ')}`);
const wanted = `${before}${marks[0]}\n\n${tables.join('\n')}\n${marks[1]}${after}`;

if (process.argv.includes('--check')) {
  if (wanted !== text) {
    console.error('docs/methods.md is not up to date: run node scripts/list-methods.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(page, wanted);
}
