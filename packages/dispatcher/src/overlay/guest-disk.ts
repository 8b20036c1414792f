import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { guestDisk, overlayApplied, overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { needProgram, withoutSync } from './programs.ts';

/** `apply-overlay-guest`: a disk with the overlay for guests whose images do not get it themselves. */
export const applyOverlayGuest: ActionSpec = {
  name: 'apply-overlay-guest',
  summary: 'build a guest filesystem with the overlay',
  description: 'prepare a drive containing the overlay',
  timeoutError: 'Infrastructure',
  validate(a) {
    if (sizeOf(a) === undefined) a.error('Device configuration does not specify size of guest filesystem.');
  },
  async run(a) {
    if (a.get(overlayApplied)) {
      a.log.debug('Overlay already applied');
      return;
    }
    const overlay = a.get(overlayFolder);
    const onDevice = a.get(resultsFolder);
    if (overlay === undefined || onDevice === undefined) throw new JobError('The lava overlay was not made', { code: 'overlay-missing' });
    const folder = await a.makeFolder();
    const uuid = randomUUID();
    const file = join(folder, 'lava-guest.img');
    await a.exec([...withoutSync(), needProgram('mke2fs'), '-q', '-F', '-t', 'ext2', '-L', 'LAVA', '-U', uuid, '-E', 'root_owner=0:0', '-d', join(overlay, onDevice), file, `${sizeOf(a) ?? 0}M`], {
      error: 'Infrastructure', errorMessage: `Unable to make the guest filesystem: does the overlay fit into ${sizeOf(a) ?? 0} MB?`,
    });
    a.set(guestDisk, { file, uuid, format: 'raw' });
  },
};

/** Megabytes of the disk. */
function sizeOf(a: Action): number | undefined {
  const size = Number(asText(mappingAt(a.job.device, 'actions', 'deploy', 'methods', 'image', 'parameters', 'guest')?.['size']));
  return Number.isInteger(size) && size > 0 ? size : undefined;
}
