import type { Command } from 'commander';
import { CommandError } from './visit.ts';

/* Commands that other LAVAs have and that mean nothing here: each says what is done instead. */

/** There is nothing to do: scripts that run them before the server go on. */
const nothingToDo: Readonly<Record<string, string>> = {
  'collectstatic': '0 static files copied: the server brings its web application with it',
  'createcachetable': 'There is no cache table: nothing was made',
  'remove_stale_contenttypes': 'There are no content types: nothing was removed',
  'compilemessages': 'There are no messages to compile',
  'makemigrations': 'No changes detected: the migrations come with the release',
};

const server = 'lava-server run does its work (--role web or leader where there are several: docs/scaling.md); start that';
const backups = 'use "lava-server manage backup FOLDER", which takes all of it, or "lava lab export" for what describes the lab';

/** Nothing was done that somebody may count on. */
const instead: Readonly<Record<string, string>> = {
  'lava-scheduler': `There is no scheduler by itself: ${server}`,
  'lava-publisher': `There is no publisher by itself: ${server}; EVENT_NOTIFICATION: true in settings.yaml opens its socket`,
  'lava-celery-worker': `There are no tasks for Celery: ${server}`,
  'runserver': 'Use: lava-server run --http 127.0.0.1:8000',
  'dispatcher-master': 'Use: lava-server run, or lava-master, which takes the same options',
  'lava-master': 'Use: lava-server run, or the program lava-master, which takes the same options',
  'lava-logs': `There is no program for logs alone: ${server}`,
  'lava-coordinator': 'The server coordinates groups by itself; COORDINATOR_ADDRESS in settings.yaml opens the port for workers of another LAVA',
  'schedulermonitor': 'Workers follow their jobs by themselves: nothing has to be started',
  'dumpdata': `Tables here are not Django's, and nothing was written: ${backups}`,
  'loaddata': 'Tables here are not Django\'s, and nothing was read: use "lava-server manage restore FOLDER", "lava lab apply FILE", or "lava-server manage import-lava" for all that another LAVA has',
  'flush': 'Nothing was removed: to begin anew, stop the server and start it with an empty database (DATABASE_URL, or another --root)',
  'shell': 'There is no shell of the program: use "lava-server manage dbshell" for SQL, or the API (docs/api.md)',
  'sendtestemail': 'Use: lava-server manage notifications test email ADDRESS',
  'add-device': 'Use: lava-server manage devices add HOSTNAME --device-type TYPE --worker WORKER',
  'add-device-type': 'Use: lava-server manage device-types add NAME',
  'device-dictionary': 'Write /etc/lava-server/dispatcher-config/devices/HOSTNAME.jinja2, or use: lava-server manage devices update HOSTNAME --dictionary FILE; "devices check HOSTNAME" renders it',
  'device-transition': 'Use: lava-server manage transition_exporter --output-dir FOLDER',
  'migrate-health-checks': 'Write each health check into /etc/lava-server/dispatcher-config/health-checks/TEMPLATE.yaml',
  'migrate-job-output': 'Nothing has to be moved: import-lava takes logs from the old folders',
  'migrate-lava': 'Use: lava-server manage import-lava --config /etc/lava-server (docs/moving-over.md)',
  'testjobmigrate': 'Use: lava-server manage import-lava (docs/moving-over.md)',
  'export': 'Use the export of a query in the web, or: lava-server manage testjob_exporter --output-dir FOLDER',
  'crowd': 'Use OIDC or LDAP in settings.yaml (docs/sign-in.md)',
  'migrate-users-to-crowd': 'Use: lava-server manage users link NAME --provider oidc:NAME --subject TEXT (docs/sign-in.md)',
};

/** Names of commands that only say what is done instead, with what they say. */
export const commandsElsewhere: Readonly<Record<string, string>> = { ...nothingToDo, ...instead };

export function elsewhere(manage: Command): void {
  for (const [name, text] of Object.entries(commandsElsewhere)) {
    // Whatever options it had are taken.
    manage.command(name, { hidden: true }).description(text).argument('[words...]').allowUnknownOption()
      .action(() => {
        if (!Object.hasOwn(nothingToDo, name)) throw new CommandError(text);
        process.stdout.write(`${text}\n`);
      });
  }
}
