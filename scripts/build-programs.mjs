// Bundles each program of the project into packages/<package>/dist/<name>.js.
//
// The @lava/* packages are TypeScript sources and are bundled in, so that a packed worker needs nothing but its
// registry dependencies. Files a program reads at run time (device-side scripts, device-type templates) are in
// `assets/` folders of the packages and are copied to dist/assets/<name>.
import { build } from 'esbuild';
import { cp, rm, chmod, readdir, readFile, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs by package: every file in src/bin is one. */
async function programs(pkg) {
  const dir = join(root, 'packages', pkg, 'src/bin');
  if (!existsSync(dir)) return [];
  return (await readdir(dir)).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts')).map((f) => join(dir, f));
}

/** Every asset folder: packages/<package>/assets/<name>, and the device types of the project. */
async function assets() {
  const found = [{ name: 'device-types', path: join(root, 'device-types') }];
  for (const pkg of await readdir(join(root, 'packages'))) {
    const dir = join(root, 'packages', pkg, 'assets');
    if (!existsSync(dir)) continue;
    for (const name of await readdir(dir)) found.push({ name, path: join(dir, name) });
  }
  return found;
}

/** Which assets a package's programs read (package.json: "lava": {"assets": [...]}). */
async function wanted(pkg) {
  const json = JSON.parse(await readFile(join(root, 'packages', pkg, 'package.json'), 'utf8'));
  return new Set(json.lava?.assets ?? []);
}

export async function buildPrograms() {
  const all = await assets();
  for (const pkg of await readdir(join(root, 'packages'))) {
    const entryPoints = await programs(pkg);
    if (entryPoints.length === 0) continue;
    const outdir = join(root, 'packages', pkg, 'dist');
    await mkdir(outdir, { recursive: true });
    await build({
      entryPoints, outdir, bundle: true, platform: 'node', target: 'node20', format: 'esm', splitting: true,
      sourcemap: true, logLevel: 'warning', chunkNames: 'chunks/[name]-[hash]',
      plugins: [{
        name: 'own-packages-in-everything-else-out',
        setup(b) {
          b.onResolve({ filter: /^[^./]/ }, (args) =>
            args.kind === 'entry-point' || args.path.startsWith('@lava/') ? undefined : { path: args.path, external: true });
        },
      }],
    });
    for (const file of entryPoints) await chmod(join(outdir, file.split('/').pop().replace(/\.ts$/, '.js')), 0o755);
    const names = await wanted(pkg);
    for (const asset of all.filter((a) => names.has(a.name))) {
      const to = join(outdir, 'assets', asset.name);
      await rm(to, { recursive: true, force: true });
      await cp(asset.path, to, { recursive: true });
    }
  }
}
