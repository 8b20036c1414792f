// `npm run bench [NAME…]`: runs bench/NAME.ts (all by default) one after the other and prints their numbers.
// A bench exports `run()`, which returns rows {name, value, unit, goal?}.
import { build } from 'esbuild';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const names = (await readdir(here)).filter((f) => f.endsWith('.ts')).map((f) => basename(f, '.ts'))
  .filter((n) => wanted.length === 0 || wanted.includes(n));
const outdir = join(here, '../packages/testbed/dist/bench');
await mkdir(outdir, { recursive: true });
// What the dispatcher reads at run time lies beside a program.
await cp(join(here, '../packages/dispatcher/assets'), join(outdir, 'assets'), { recursive: true });

for (const name of names) {
  await build({
    entryPoints: [join(here, `${name}.ts`)], outdir, bundle: true, platform: 'node', target: 'node20', format: 'esm', outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
    plugins: [{
      name: 'own-packages-in-everything-else-out',
      setup: (b) => b.onResolve({ filter: /^[^./]/ }, (args) =>
        args.kind === 'entry-point' || args.path.startsWith('@lava/') ? undefined : { path: args.path, external: true }),
    }],
  });
  const { run } = await import(pathToFileURL(join(outdir, `${name}.mjs`)).href);
  for (const row of await run()) {
    const goal = row.goal === undefined ? '' : `   (goal ${row.goal})`;
    console.log(`${name.padEnd(16)} ${row.name.padEnd(52)} ${String(row.value).padStart(10)} ${row.unit}${goal}`);
  }
}
process.exit(0);
