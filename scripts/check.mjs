// `npm run check`: types, lint, layers, dead code. All at once; prints what failed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

const steps = {
  types: ['node', 'node_modules/typescript-7/bin/tsc', '-p', '.'],
  ...(existsSync('packages/web/tsconfig.json') && { 'types (web)': ['node', 'node_modules/typescript-7/bin/tsc', '-p', 'packages/web'] }),
  lint: ['npx', 'oxlint', '--quiet'],
  layers: ['npx', 'depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'packages'],
  'dead code': ['npx', 'knip', '--no-progress'],
};

const run = (name, [command, ...args]) => new Promise((done) => {
  const started = Date.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (d) => { output += d; });
  child.stderr.on('data', (d) => { output += d; });
  child.on('close', (status) => done({ name, status, output, seconds: ((Date.now() - started) / 1000).toFixed(1) }));
});

const results = await Promise.all(Object.entries(steps).map(([name, command]) => run(name, command)));
for (const r of results) {
  console.log(`${r.status === 0 ? 'ok    ' : 'FAILED'} ${r.name} (${r.seconds} s)`);
  if (r.status !== 0) console.log(r.output);
}
process.exit(results.every((r) => r.status === 0) ? 0 : 1);
