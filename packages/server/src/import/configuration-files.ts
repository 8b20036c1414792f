import { copyFile, constants, mkdir, readFile, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LavaPaths } from '@lava/base';
import { giveTo } from '../files/give-to.ts';
import type { Report } from './report.ts';

/** What configures devices, device types, workers and their jobs, below /etc/lava-server. */
const wanted = [
  /^dispatcher-config\/devices\/[^/]+\.jinja2$/, /^dispatcher-config\/device-types\/[^/]+\.jinja2$/, /^dispatcher-config\/health-checks\/[^/]+\.ya?ml$/,
  /^dispatcher\.d\/[^/]+(?:\/(?:dispatcher|env|env-dut))?\.yaml$/, /^env(?:[-.]dut)?\.yaml$/,
];

/** Files whose contents an admin has to look at: they say how a server runs, not what the lab is. */
const settings = /^(?:settings\.(?:conf|yaml)|settings\.d\/[^/]+\.yaml)$/;

/** Copies configuration files that are not here, in a dry run only counts them. Does nothing when both are the same folder. */
export async function importConfiguration(folder: string, paths: LavaPaths, report: Report, dryRun: boolean): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).sort();
  report.left('files of settings: see which of their settings belong in settings.yaml here', names.filter((name) => settings.test(name)));
  if (await realpath(folder) === await realpath(paths.serverConfig).catch(() => '')) return;
  const different: string[] = [];
  for (const name of names.filter((n) => wanted.some((pattern) => pattern.test(n)))) {
    const [from, to] = [join(folder, name), join(paths.serverConfig, name)];
    if (!(await stat(from)).isFile()) continue;
    const before = await readFile(to).catch(() => undefined);
    if (before === undefined && !dryRun) {
      const made = await mkdir(dirname(to), { recursive: true });
      await copyFile(from, to, constants.COPYFILE_EXCL);
      await giveTo(paths.serverState, to, made);
    } else if (before !== undefined && !before.equals(await readFile(from))) different.push(name);
    report.took('configuration files', before === undefined ? 1 : 0, 1);
  }
  report.left('configuration files that are different here', different);
}
