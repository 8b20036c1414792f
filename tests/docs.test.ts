import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { project } from '@lava/testbed';
import { withoutDjangoOptions } from '../packages/server/src/manage/django-options.ts';
import { serverProgram } from '../packages/server/src/program.ts';

// What the documents name is there: files, headings, commands with their options, settings.

const read = (file: string) => readFileSync(join(project, file), 'utf8');
const below = (folder: string, ending: string) => readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
const pages = ['README.md', 'CONTRIBUTING.md', ...below('docs', '.md')].map((file) => ({ file, text: read(file) }));

/** The anchor of a heading, as code forges make it. */
const anchor = (heading: string) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
const anchors = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map((m) => anchor(m[1]!));

test('links lead somewhere', () => {
  const broken = pages.flatMap(({ file, text }) => [...text.matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)].filter(([, to = '', place]) => {
    if (/^[a-z]+:/.test(to)) return false;
    const path = to === '' ? file : normalize(join(dirname(file), to));
    return !existsSync(join(project, path)) || (place !== undefined && path.endsWith('.md') && !anchors(read(path)).includes(place));
  }).map(([link]) => `${file}: ${link}`));
  expect(broken).toEqual([]);
});

/** Code of a page, line by line: fenced blocks that are for a shell or say nothing of themselves, and spans. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```(\w*)[^\n]*\n([\s\S]*?)^ *```/gm)].filter((m) => ['', 'sh', 'console'].includes(m[1]!)).flatMap((m) => m[2]!.split('\n'));
  const spans = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+)`/g)].map((m) => m[1]!);
  return [...blocks.map((line) => line.replace(/\s#.*/, '')), ...spans];
}
const code = pages.flatMap(({ file, text }) => codeOf(text).map((line) => ({ file, line })));

test('files of the project are there', () => {
  const missing = code.flatMap(({ file, line }) => [...line.matchAll(/(?<![\w./-])(?:packages|docs|scripts|tests|bench|demo|device-types|packaging)\/[\w./-]*\w(?![*\w])/g)]
    .map(([path]) => path).filter((path) => !/NAME|NNNN|\/dist\//.test(path) && !existsSync(join(project, path))).map((path) => `${file}: ${path}`));
  expect(missing).toEqual([]);
});

test('scripts of the project are there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(code.flatMap(({ line }) => [...line.matchAll(/npm run ([\w:-]+)/g)].map((m) => m[1]!)).filter((name) => !(name in scripts))).toEqual([]);
});

/** A command of a line of code as its words: up to a pipe, a redirection or another command. */
function calls(program: string): { file: string; words: string[] }[] {
  return code.flatMap(({ file, line }) => [...line.matchAll(new RegExp(`(?:^|[\\s(;|&])${program} ([^|;&>()]+)`, 'g'))].map((m) => ({ file, words: m[1]!.trim().split(/\s+/) })));
}
const isName = (word: string | undefined) => word !== undefined && /^[a-z][a-z_-]+$/.test(word);
const longOptions = (words: readonly string[]) => words.map((word) => /^\[?(--[a-z][\w-]*)/.exec(word)?.[1]).filter((option) => option !== undefined);

test('commands and options of lava-server exist', () => {
  const all = calls('lava-server');
  expect(all.length).toBeGreaterThan(50);
  const unknown = all.flatMap(({ file, words: written }) => {
    const said = `${file}: lava-server ${written.join(' ')}`;
    const words = withoutDjangoOptions(['node', 'lava-server', ...written]).slice(2);
    let command = serverProgram();
    const known = new Set(['--help', '--version']);
    for (const [n, word] of words.entries()) {
      for (const option of command.options) known.add(option.long ?? '').add(option.short ?? '');
      if (word.startsWith('-')) continue;
      const next = command.commands.find((c) => c.name() === word || c.aliases().includes(word));
      if (!next) {
        if (command.commands.length > 0 && isName(word) && !words[n - 1]?.startsWith('--')) return [said];
        break;
      }
      command = next;
    }
    for (const option of command.options) known.add(option.long ?? '').add(option.short ?? '');
    return longOptions(words).every((option) => known.has(option)) ? [] : [said];
  });
  expect(unknown).toEqual([]);
});

test('commands and options of lava exist', () => {
  const help = new Map<string, string>();
  const helpOf = (path: readonly string[]) => {
    const key = path.join(' ');
    if (!help.has(key)) help.set(key, execFileSync(process.execPath, [join(project, 'packages/cli/dist/lava.js'), ...path, '--help'], { encoding: 'utf8' }));
    return help.get(key)!;
  };
  const subcommands = (path: readonly string[]) => [...helpOf(path).split(/^Commands:$/m)[1]?.matchAll(/^ {2}([a-z-]+)/gm) ?? []].map((m) => m[1]!);
  const all = calls('lava');
  expect(all.length).toBeGreaterThan(30);
  const unknown = all.flatMap(({ file, words }) => {
    const said = `${file}: lava ${words.join(' ')}`;
    const path: string[] = [];
    for (const word of words) {
      const known = subcommands(path);
      if (known.length === 0 || !isName(word)) break;
      if (!known.includes(word)) return [said];
      path.push(word);
    }
    return longOptions(words).every((option) => `${helpOf(path)} ${helpOf([])}`.includes(option)) ? [] : [said];
  });
  expect(unknown).toEqual([]);
});

// Read by Node.js itself.
const ofNode = ['NODE_EXTRA_CA_CERTS'];

test('settings are read by the code', () => {
  const sources = [...readdirSync(join(project, 'packages')).flatMap((name) => below(`packages/${name}/src`, '.ts')), ...below('packaging', ''), ...below('scripts', '.mjs'), ...below('tests', '.ts')]
    .filter((file) => !file.endsWith('docs.test.ts') && /\.\w+$|\/[a-z]+$/.test(file) && !file.includes('node_modules'));
  const text = sources.map((file) => { try { return read(file); } catch { return ''; } }).join('\n');
  const named = code.flatMap(({ file, line }) => [...line.matchAll(/(?<![\w$<{-])[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+(?![\w>-])/g)].map(([name]) => ({ file, name })));
  expect([...new Set(named.filter(({ name }) => !text.includes(name) && !ofNode.includes(name)).map(({ file, name }) => `${file}: ${name}`))]).toEqual([]);
});
