// `npm run build`: the programs, then the browser application.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { buildPrograms } from './build-programs.mjs';

await buildPrograms({ clean: true });
if (existsSync(new URL('../packages/web/vite.config.ts', import.meta.url))) {
  execFileSync('npx', ['vite', 'build', '--logLevel', 'warn'], {
    cwd: new URL('../packages/web/', import.meta.url), stdio: 'inherit',
  });
}
