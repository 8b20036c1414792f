import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The first file of that name below a folder whose path contains `part`. */
export function findFile(folder: string, name: string, part = ''): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((f) => f.endsWith(`/${name}`) && `/${f}`.includes(part));
  if (!found) throw new Error(`no file ${name} below ${folder}`);
  return join(folder, found);
}
