// Keeps the worker and both ends of the link as they are now, for tests of the versions to come (docs/link.md). Run it before the
// first change of a new version of the protocol: it writes packages/testbed/assets/older/lava-VERSION.mjs.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [, version] = /export const protocolVersion = (\d+);/.exec(await readFile(join(root, 'packages/link/src/messages.ts'), 'utf8'));
const outfile = process.argv[2] ?? join(root, `packages/testbed/assets/older/lava-${version}.mjs`);
if (existsSync(outfile)) throw new Error(`${outfile} is there: what was recorded is not made again from later code`);

const entry = `
import { fileURLToPath } from 'node:url';
import { finishDeadRun } from '@lava/dispatcher/finish-dead-run';
import { workerMain } from './main.ts';
export { ServerEndpoint, WorkerEndpoint } from '@lava/link';
if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await workerMain('lava-worker', { lavaRun: '', finishDeadRun }));
`;
await build({
  stdin: { contents: entry, resolveDir: join(root, 'packages/worker/src'), sourcefile: 'entry.ts', loader: 'ts' },
  outfile, bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'warning',
  banner: { js: `// The worker and the ends of the link as they were when the link's protocol had version ${version}, bundled by esbuild.\n// Not to be edited: tests run it to show that versions understand one another (docs/link.md).\n` },
  plugins: [{
    name: 'own-packages-in-as-far-as-they-are-used',
    setup(b) {
      b.onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
        if (pluginData === 'resolved') return undefined;
        if (!path.startsWith('.') && !path.startsWith('@lava/')) return { path, external: true };
        return { ...await b.resolve(path, { ...from, pluginData: 'resolved' }), sideEffects: false };
      });
    },
  }],
});
