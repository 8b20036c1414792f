import { Option, type Command } from 'commander';
import { daemonLog, messageOf } from '@lava/base';
import { readMasterSettings } from '../../settings/master-settings.ts';
import { merged } from '../../settings/settings-files.ts';
import { openStore, type Store } from '../../store/open-store.ts';
import { CommandError, pathsOf } from '../visit.ts';
import { checkAccounts, checkDatabase } from './check-database.ts';
import { checkDevices, checkHealthChecks, checkTemplates } from './check-lab.ts';
import { checkNetwork } from './check-network.ts';
import { checkPermissions } from './check-permissions.ts';
import { checkServer, checkStorage } from './check-server.ts';
import { checkSettings, readFiles, refusal } from './check-settings.ts';
import { checkWorkers } from './check-workers.ts';
import { about, topics, type Finding, type Findings, type OpenSite, type Site, type Topic } from './finding.ts';

/** What `--deploy` looks at beside settings and database; those of the second list need the tables. */
const ofMachine: Readonly<Partial<Record<Topic, (site: Site) => Findings>>> = { permissions: checkPermissions, network: checkNetwork, storage: checkStorage };
const ofTables: Readonly<Partial<Record<Topic, (site: OpenSite) => Findings>>> = {
  'devices': checkDevices, 'device-types': checkTemplates, 'health-checks': checkHealthChecks, 'accounts': checkAccounts, 'workers': checkWorkers, 'server': checkServer,
};

interface CheckOptions {
  readonly deploy?: boolean;
  readonly tag?: Topic[];
  readonly listTags?: boolean;
  readonly failLevel: 'ERROR' | 'WARNING';
}

/** `check`: what is wrong with this installation, where, and what to do. It changes nothing. */
export function check(manage: Command): void {
  manage.command('check').description('say what is wrong with this installation and what to do; changes nothing')
    .option('--deploy', 'with the lab, files, certificates, accounts, network, disk and the running server; otherwise settings and database only')
    .addOption(new Option('-t, --tag <topics...>', 'only about these').choices(topics)).option('--list-tags', 'list the topics')
    .addOption(new Option('--fail-level <level>', 'what ends with status 1').choices(['ERROR', 'WARNING']).default('ERROR'))
    .action(async ({ deploy = false, tag, listTags, failLevel }: CheckOptions, command: Command) => {
      const print = (text: string) => { process.stdout.write(`${text}\n`); };
      if (listTags) { print(topics.join('\n')); return; }
      const wanted = (topic: Topic) => (tag ? tag.includes(topic) : deploy || topic === 'settings' || topic === 'database');
      const found = (await findAll(command, wanted)).filter(({ topic }) => wanted(topic));
      print(report(found));
      const failed = found.filter(({ severity }) => severity === 'error' || failLevel === 'WARNING').length;
      if (failed > 0) throw new CommandError(`${failed} ${failed === 1 ? 'thing has' : 'things have'} to be put right`);
    });
}

async function findAll(command: Command, wanted: (topic: Topic) => boolean): Promise<Finding[]> {
  const paths = pathsOf(command);
  const { files, findings } = await readFiles(paths);
  const found = [...findings];
  const master = await readMasterSettings({ root: paths.root }, process.env, 'stdout').catch((cause: unknown) => { found.push(refusal(cause)); return undefined; });
  const site: Site = { paths, files, settings: merged(files), master };
  const look = async (topic: Topic, findings: Findings) => {
    try {
      for await (const finding of findings) found.push(finding);
    } catch (cause) {
      found.push(about(topic).error(`this could not be looked at to the end: ${messageOf(cause)}`));
    }
  };
  if (wanted('settings')) await look('settings', checkSettings(site));
  for (const topic of topics) if (wanted(topic) && ofMachine[topic]) await look(topic, ofMachine[topic](site));
  const connection = await open(site, found);
  if (!connection) return found;
  try {
    const before = found.length;
    await look('database', checkDatabase(connection));
    // Of other tables nothing can be said.
    if (found.length > before) return found;
    for (const topic of topics) if (wanted(topic) && ofTables[topic]) await look(topic, ofTables[topic]({ ...site, connection }));
  } finally {
    await connection.close();
  }
  return found;
}

async function open({ paths }: Site, found: Finding[]): Promise<Store | undefined> {
  try {
    return await openStore({ paths, log: daemonLog('ERROR', (line) => { process.stderr.write(line); }), visit: true, asIs: true });
  } catch (cause) {
    found.push({ ...refusal(cause), topic: 'database' });
    return undefined;
  }
}

/** The form in which Django's programs report: scripts look for its first and last line. */
function report(found: readonly Finding[]): string {
  if (found.length === 0) return 'System check identified no issues (0 silenced).';
  const part = (title: string, severity: Finding['severity']) => {
    const some = found.filter((finding) => finding.severity === severity);
    return some.length === 0 ? [] : ['', `${title}:`, ...some.flatMap(({ topic, text, hint }) => [`${topic}: ${text}`, ...hint === undefined ? [] : [`\tHINT: ${hint}`]])];
  };
  const count = `System check identified ${found.length} ${found.length === 1 ? 'issue' : 'issues'} (0 silenced).`;
  return ['System check identified some issues:', ...part('ERRORS', 'error'), ...part('WARNINGS', 'warning'), '', count].join('\n');
}
