import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assetFolder } from '@lava/base';
import { overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import type { Multinode } from '../multinode/multinode.ts';
import type { HelperScript } from './helper-scripts.ts';
import { shellQuote } from '../text/shell-text.ts';

/** The scripts by which tests of a multinode job talk to its other members. */
export const multinodeOverlay: ActionSpec = {
  name: 'lava-multinode-overlay',
  summary: 'overlay the lava multinode scripts',
  description: 'add lava scripts during deployment for multinode test shell use',
  timeoutError: 'Infrastructure',
  async run(a) {
    const { multinode } = a.job;
    if (!multinode) {
      a.log.debug('skipped lava-multinode-overlay');
      return;
    }
    const onDevice = a.get(resultsFolder) ?? '';
    const folder = join(a.get(overlayFolder) ?? '', onDevice, 'bin');
    const scripts = await multinodeScripts(asText(a.constant('lava_test_sh_cmd', 'posix')), { multinode, id: a.job.id, bin: `${onDevice}/bin` });
    for (const { name, text } of scripts) {
      a.log.debug(`Creating ${join(folder, name)}`);
      await writeFile(join(folder, name), text, { mode: 0o755 });
    }
  },
};

/**
 * The scripts as they go onto a device.
 * @param shell the interpreter of their first line
 */
async function multinodeScripts(shell: string, { multinode, id, bin }: { readonly multinode: Pick<Multinode, 'role' | 'roles'>; readonly id: string; readonly bin: string }): Promise<HelperScript[]> {
  const root = join(assetFolder(import.meta.url, 'lava_test'), 'multi_node');
  const group = Object.entries(multinode.roles).map(([job, role]) => `${job}\t${role}`).join('\n');
  const known = [['LAVA_TEST_BIN', bin], ['TARGET_ROLE', multinode.role], ['LAVA_HOSTNAME', id], ['LAVA_GROUP', group]] as const;
  const head = known.map(([name, value]) => `${name}=${shellQuote(value)}\n`).join('');
  return Promise.all((await readdir(root)).sort().map(async (name) => ({ name, text: `#!${shell}\n\n${head}${await readFile(join(root, name), 'utf8')}` })));
}
