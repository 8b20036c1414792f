import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LavaPaths } from '@lava/base';
import { settingsPaths } from '../../settings/settings-files.ts';
import { about, type Findings, type Site } from './finding.ts';

const { error, warning } = about('permissions');

/** Bits of a mode: who does not own a file and is not of its group may read or write it. */
const [othersRead, othersWrite, groupWrites] = [0o004, 0o002, 0o020];

/** Files that hold secrets, and folders whose content the server believes. */
export async function* checkPermissions({ paths, master }: Site): Findings {
  const encryption = master?.sockets.encryption;
  const secrets = [
    ...await settingsPaths(paths.serverConfig), join(paths.serverConfig, 'lava-master'), join(paths.root, 'etc/default/lava-server'),
    ...encryption && 'certificate' in encryption ? [encryption.certificate] : [],
  ];
  const allowed = await owners(paths);
  for (const path of secrets) {
    const found = await stat(path).catch(() => undefined);
    if (!found) continue;
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    const isSetting = !/lava-master$|etc\/default/.test(path);
    if (found.mode & othersWrite) yield error(`${path} can be written by everybody on this machine (${mode})`, `chmod 0640 ${path}`);
    else if (found.mode & othersRead && isSetting) yield error(`${path} can be read by everybody on this machine (${mode})`, `chmod 0640 ${path}`);
    else if (found.mode & othersRead && /PASSWORD|DATABASE_URL|SECRET/.test(await readFile(path, 'utf8').catch(() => ''))) yield error(`${path} holds a secret and can be read by everybody on this machine (${mode})`, `chmod 0640 ${path}`);
    if (!allowed.has(found.uid)) yield error(`${path} belongs to the user ${found.uid}, who is neither root nor the server's`, `chown root:lavaserver ${path}`);
  }
  yield* checkFolders(paths, allowed);
}

async function* checkFolders({ serverConfig, dispatcherConfig, certificates, serverState }: LavaPaths, allowed: ReadonlySet<number>): Findings {
  for (const folder of [serverConfig, dispatcherConfig, ...['devices', 'device-types', 'health-checks'].map((name) => join(dispatcherConfig, name)), certificates, serverState]) {
    const found = await stat(folder).catch(() => undefined);
    if (!found) continue;
    if (found.mode & othersWrite) yield error(`everybody on this machine may put files into ${folder}`, `chmod o-w ${folder}`);
    else if (found.mode & groupWrites && folder === certificates) yield warning(`the group of ${folder} may let workers in`, `chmod g-w ${folder}, unless it is the group of the server`);
    if (!allowed.has(found.uid)) yield error(`${folder} belongs to the user ${found.uid}, who is neither root nor the server's`, `chown root:lavaserver ${folder}`);
  }
  const dictionaries = join(dispatcherConfig, 'devices');
  let open = 0;
  for (const name of await readdir(dictionaries).catch(() => [])) {
    const found = await stat(join(dictionaries, name)).catch(() => undefined);
    if (!found?.isFile() || !name.endsWith('.jinja2')) continue;
    if (found.mode & othersWrite) yield error(`${join(dictionaries, name)} can be written by everybody on this machine`, `chmod 0640 ${join(dictionaries, name)}`);
    if (found.mode & othersRead) open += 1;
  }
  if (open > 0) yield warning(`${open} dictionaries in ${dictionaries} can be read by everybody on this machine`, `They may hold passwords of power switches: chmod 0640 ${dictionaries}/*.jinja2`);
}

/** Who may own what the server reads: root, whoever asks, the user of the Debian package. */
async function owners({ root }: LavaPaths): Promise<ReadonlySet<number>> {
  const passwd = await readFile(join(root, 'etc/passwd'), 'utf8').catch(() => readFile('/etc/passwd', 'utf8'));
  const server = passwd.split('\n').map((line) => line.split(':')).find(([name]) => name === 'lavaserver')?.[2];
  return new Set([0, process.geteuid!(), ...server === undefined ? [] : [Number(server)]]);
}
