// Builds the Debian packages: `node packaging/build-debs.mjs [--out DIR] [--quick] [worker] [server] [cli]`
//
// Programs are bundled anew; registry packages are copied from node_modules, so that a package holds the versions of
// package-lock.json and nothing is downloaded. --quick does not compress.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPrograms } from '../scripts/build-programs.mjs';
import { packages } from './debian/packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { version } = readJson(join(root, 'package.json'));

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string', default: 'packaging/out' }, quick: { type: 'boolean', default: false } } });
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
for (const key of positionals.length > 0 ? positionals : Object.keys(packages)) process.stdout.write(`${await buildDeb(key, packages[key])}\n`);

async function buildDeb(key, spec) {
  if (!spec) throw new Error(`there is no package "${key}"; there are ${Object.keys(packages).join(', ')}`);
  const stage = mkdtempSync(join(tmpdir(), 'lava-deb-'));
  try {
    chmodSync(stage, 0o755);
    const home = join(stage, 'usr/lib', spec.name);
    await buildPrograms({ only: [key], into: join(home, 'dist') });
    writeFileSync(join(home, 'package.json'), `${JSON.stringify({ name: spec.name, version, type: 'module' })}\n`);
    for (const [name, from] of Object.entries(spec.assets ?? {})) cpSync(builtFolder(from), join(home, 'dist/assets', name), { recursive: true, filter: notMap });
    copyRegistryPackages(key, home);
    removeMaps(join(home, 'dist'));
    mkdirSync(join(stage, 'usr/bin'), { recursive: true });
    for (const program of spec.programs) symlinkSync(`../lib/${spec.name}/dist/${program}.js`, join(stage, 'usr/bin', program));
    if (spec.unit) copyInto(join(root, 'packaging/systemd', spec.unit), join(stage, 'lib/systemd/system', spec.unit));
    const doc = join(stage, 'usr/share/doc', spec.name);
    copyInto(join(root, 'LICENSE'), join(doc, 'copyright'));
    writeControl(key, spec, stage);
    execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', stage]);
    const file = join(out, `${spec.name}_${version}_${arch}.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', ...(values.quick ? ['-Znone'] : ['-Zxz', '-z6']), '--build', stage, file], { stdio: ['ignore', 'ignore', 'inherit'] });
    return file;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function writeControl(key, spec, stage) {
  const control = join(stage, 'DEBIAN');
  mkdirSync(control);
  const own = join(root, 'packaging/debian', key);
  for (const name of existsSync(own) ? readdirSync(own) : []) {
    const script = ['postinst', 'prerm', 'postrm'].includes(name);
    const to = script ? join(control, name) : join(stage, 'usr/share', spec.name, name);
    copyInto(join(own, name), to);
    chmodSync(to, script ? 0o755 : 0o644);
  }
  const kibibytes = Number(execFileSync('du', ['-sk', '--exclude=DEBIAN', stage], { encoding: 'utf8' }).split('\t')[0]);
  const list = (name, values) => (values.length > 0 ? [`${name}: ${values.join(', ')}`] : []);
  writeFileSync(join(control, 'control'), [
    `Package: ${spec.name}`, `Version: ${version}`, `Architecture: ${arch}`, `Maintainer: LAVA maintainers <maintainers@localhost>`, 'Section: net', 'Priority: optional',
    `Installed-Size: ${kibibytes}`, ...list('Depends', spec.depends), ...list('Recommends', spec.recommends), ...list('Suggests', spec.suggests), ...list('Conflicts', spec.conflicts),
    `Description: ${spec.summary}`, ...spec.description.map((line) => ` ${line}`), '',
  ].join('\n'));
}

/** Names of the registry packages that the bundled programs import. */
function importedBy(dist) {
  const names = new Set();
  for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'))) {
    for (const [, name] of readFileSync(join(dist, file), 'utf8').matchAll(/(?:^import |^(?:import|export|\}) ?.*\bfrom |\bimport\()"((?:@[\w-]+\/)?[\w-][\w./-]*)"(?:;$|\))/gm)) {
      if (!isBuiltin(name)) names.add(name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return names;
}

/** Copies what the programs import, with what that depends on, as it lies in node_modules. */
function copyRegistryPackages(key, home) {
  const own = join(root, 'packages', key);
  const to = join(home, 'node_modules');
  const copied = new Set();
  const visit = (names, optional, from) => {
    for (const name of names) {
      const found = findInstalled(name, from);
      if (!found) {
        if (name in optional) continue;
        throw new Error(`${name}, which ${from} needs, is not installed: run "npm install"`);
      }
      if (copied.has(found)) continue;
      copied.add(found);
      // What lies within another package came with it.
      if (![...copied].some((other) => other !== found && found.startsWith(`${other}/`))) {
        if (existsSync(join(to, name))) throw new Error(`two versions of ${name} are wanted at the top`);
        cpSync(found, join(to, name), { recursive: true, filter: (path) => wanted(found, path) });
      }
      const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta = {} } = readJson(join(found, 'package.json'));
      const mayMiss = { ...optionalDependencies, ...peerDependenciesMeta };
      visit(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).filter((n) => !peerDependenciesMeta[n]?.optional), mayMiss, found);
    }
  };
  visit(importedBy(join(home, 'dist')), {}, own);
  const { optionalDependencies = {} } = readJson(join(own, 'package.json'));
  visit(Object.keys(optionalDependencies), optionalDependencies, own);
}

function findInstalled(name, from) {
  for (let folder = from; folder.startsWith(root.replace(/\/$/, '')); folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (existsSync(join(path, 'package.json'))) return path;
  }
  return undefined;
}

/** Sources, texts and programs of other machines are left out. */
function wanted(top, path) {
  const inside = path.slice(top.length);
  if (/\/build\/(?:darwin|win32)(?:\/|$)/.test(inside) || (/\/build\/linux\/[^/]+/.test(inside) && !inside.includes(`/build/linux/${process.arch}`))) return false;
  if (/\/build\/linux\/[^/]+\/node\/(?:\d+\/)?.*musl/.test(inside)) return false;
  return notMap(path) && !/\.(?:d\.[cm]?ts|md|markdown|a)$/.test(path) && !/^\/(?:test|tests|docs?|examples?|benchmarks?|\.github)$/.test(inside);
}

function notMap(path) {
  return !path.endsWith('.map');
}

function removeMaps(folder) {
  for (const name of readdirSync(folder, { recursive: true })) if (name.endsWith('.map')) rmSync(join(folder, name));
}

/** The browser application is built first if it is not there. */
function builtFolder(path) {
  const folder = join(root, path);
  if (!existsSync(join(folder, 'index.html'))) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder`);
  return folder;
}

function copyInto(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
