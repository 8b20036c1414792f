import { join } from 'node:path';
import type { Command } from 'commander';
import { notifySettings } from '../notify/settings.ts';
import { readSettingsFiles } from '../settings/settings-files.ts';
import { CommandError, visit } from './visit.ts';

/** `site`: the address that is written into mails. */
export function site(manage: Command): void {
  const group = manage.command('site').description('the address of this server, as mails write it');
  group.command('list').description('show it').action((_: unknown, command: Command) => visit(command, async ({ paths, print }) => {
    const { host } = new URL(notifySettings(await readSettingsFiles(paths)).site);
    print(`Site:\n\tDomain: ${host}\n\tName: ${host}`);
  }));
  group.command('update').description('says where it is set').option('--name <text>').option('--domain <host>').action((options: { domain?: string; name?: string }, command: Command) => visit(command, async ({ paths }) => {
    throw new CommandError(`The address is a setting: write "SITE_URL: https://${options.domain ?? options.name ?? 'lava.example.com'}" into ${join(paths.serverConfig, 'settings.yaml')} and restart lava-server`);
  }));
}
