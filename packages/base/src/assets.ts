import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Folder of files that a program reads at run time. Sources keep them in `packages/<package>/assets/<name>` (device
 * types at the top of the project), built programs beside themselves in `assets/<name>`.
 * @param moduleUrl `import.meta.url` of the asking module
 */
export function assetFolder(moduleUrl: string, name: string): string {
  for (let dir = dirname(fileURLToPath(moduleUrl)); ; dir = dirname(dir)) {
    for (const candidate of [join(dir, 'assets', name), join(dir, name)]) if (existsSync(candidate)) return candidate;
    if (dir === dirname(dir)) throw new Error(`no folder assets/${name} above ${moduleUrl}; is the installation complete?`);
  }
}
