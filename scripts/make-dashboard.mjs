// Writes packaging/grafana/lava.json from dashboard.ts beside it. `node scripts/make-dashboard.mjs`
import { build } from 'esbuild';
import { writeFile } from 'node:fs/promises';

const { outputFiles } = await build({ entryPoints: ['packaging/grafana/dashboard.ts'], bundle: true, write: false, format: 'esm' });
const { dashboard } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
await writeFile('packaging/grafana/lava.json', `${JSON.stringify(dashboard(), null, 2)}\n`);
