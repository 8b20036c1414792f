// Bundles each program of the project into packages/<package>/dist/<name>.js.
//
// The @lava/* packages are TypeScript sources and are bundled in, so that a packed worker needs nothing but its
// registry dependencies. Files a program reads at run time (device-side scripts, device-type templates) are in
// `assets/` folders of the packages and are copied to dist/assets/<name>.
import { build } from 'esbuild';
import { chmod, cp, readdir, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
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

async function buildPackage(pkg, allAssets, { clean, into }) {
  const entryPoints = await programs(pkg);
  if (entryPoints.length === 0) return;
  const outdir = into ?? join(root, 'packages', pkg, 'dist');
  // Chunks of earlier builds stay until `npm run build`: a running program may still load them.
  if (clean) await rm(outdir, { recursive: true, force: true });
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
  for (const file of entryPoints) await chmod(join(outdir, basename(file, '.ts') + '.js'), 0o755);
  const names = await wanted(pkg);
  for (const asset of allAssets.filter((a) => names.has(a.name))) {
    await cp(asset.path, join(outdir, 'assets', asset.name), { recursive: true });
  }
}

/**
 * Builds the programs of the named packages, or of all; a package that fails does not keep the others from building.
 * `into` names a folder other than the package's dist, for one package.
 */
export async function buildPrograms({ only = [], clean = false, into } = {}) {
  const allAssets = await assets();
  const packages = only.length > 0 ? only : await readdir(join(root, 'packages'));
  const built = await Promise.allSettled(packages.map((pkg) => buildPackage(pkg, allAssets, { clean, into })));
  const failed = built.find((b) => b.status === 'rejected');
  if (failed) throw failed.reason;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // The bundler has printed what is wrong.
  await buildPrograms({ only: process.argv.slice(2) }).catch(() => { process.exitCode = 1; });
}
