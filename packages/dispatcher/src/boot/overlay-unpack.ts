import { JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { basename } from 'node:path';
import { asText } from '../pipeline/as-text.ts';
import { sendChecked } from '../connections/send-checked.ts';
import { serveFile } from '../connections/serve-file.ts';
import { overlayArchive } from '../deploy/downloaded.ts';
import type { ActionSpec } from '../pipeline/action.ts';

/** Brings the overlay to a device that runs already, by commands of the job (`transfer_overlay`). */
export const overlayUnpack: ActionSpec = {
  name: 'overlay-unpack',
  summary: 'transfer and unpack overlay',
  description: 'transfer and unpack overlay to persistent rootfs after login',
  validate(a) {
    const transfer = a.parameters['transfer_overlay'];
    if (!isMapping(transfer)) return a.error("'transfer_overlay' should be a dictionary");
    for (const key of ['download_command', 'unpack_command']) {
      if (typeof transfer[key] !== 'string') a.error(`Unable to identify '${key}' in 'transfer_overlay'`);
    }
    const method = transfer['transfer_method'] ?? 'http';
    if (method !== 'http') a.error(`The transfer method '${asText(method)}' is not supported, use http`);
  },
  async run(a) {
    const connection = a.needConnection();
    const archive = a.get(overlayArchive);
    if (archive === undefined) throw new JobError('No overlay file identified for the transfer.', { code: 'no-overlay' });
    const transfer = mappingAt(a.parameters, 'transfer_overlay') ?? {};
    const file = basename(archive);
    const prompt = () => connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    await connection.sendLine(`rm ${file}`);
    await prompt();
    await serveFile(a, archive, (url) => sendChecked(a, connection, `${asText(transfer['download_command'])} ${url}`, a.remainingMs()));
    await prompt();
    await sendChecked(a, connection, `${asText(transfer['unpack_command'])} ${file}`, a.remainingMs());
    await prompt();
  },
};
