// Runs one of the TypeScript tools of this folder: `node dev/run.mjs look /tmp/pictures`, `node dev/run.mjs serve 8000`.
import { build } from 'esbuild';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [tool, ...rest] = process.argv.slice(2);
const outfile = fileURLToPath(new URL(`../node_modules/.cache/${tool}.mjs`, import.meta.url));
await build({ entryPoints: [fileURLToPath(new URL(`${tool}.ts`, import.meta.url))], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'warning' });
process.argv = [process.argv[0], outfile, ...rest];
await import(pathToFileURL(outfile).href);
