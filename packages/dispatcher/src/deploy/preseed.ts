import { readFile, writeFile } from 'node:fs/promises';
import type { ActionSpec } from '../pipeline/action.ts';
import { downloadedFiles } from '../pipeline/namespace-data.ts';

/** Has an installer bring the overlay from its own root file system to the installed system. */
const keepOverlay = 'cp -r /lava-* /target/ || true';

/** Adds what LAVA needs to the answers for an installer. */
export const configurePreseedFile: ActionSpec = {
  name: 'configure-preseed-file',
  summary: 'add commands to automated installers',
  description: 'add commands to automated installers, to copy the lava test overlay to the installed system',
  timeoutError: 'Infrastructure',
  validate(a) {
    if (a.parameters['preseed'] !== undefined && a.parameters['os'] === 'centos_installer') a.error("The installer of 'os: centos_installer' is not supported: its answers cannot be changed yet");
  },
  async run(a) {
    const file = a.get(downloadedFiles)?.get('preseed')?.file;
    if (file === undefined || a.parameters['os'] !== 'debian_installer') return;
    await writeFile(file, withLateCommand(await readFile(file, 'utf8'), keepOverlay));
  },
};

/** The answers with one more command for the end of the installation, after those that they have. */
function withLateCommand(preseed: string, command: string): string {
  const joined = preseed.replaceAll(/\\\n\s*/g, ' ');
  const line = /^(d-i\s+preseed\/late_command\s+string[ \t]+)(.*)$/m;
  const found = line.exec(joined);
  if (!found) return `${preseed.replace(/\n?$/, '\n')}d-i preseed/late_command string ${command}\n`;
  return joined.replace(line, () => `${found[1]}${(found[2] ?? '').trim().replace(/;$/, '')}; ${command}`);
}
