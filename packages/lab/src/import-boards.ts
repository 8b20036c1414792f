import { nearestWord } from '@lava/base';
import { any, bool, checkText, either, integer, list, mapping, required, text, validate, type Mapping, type Problem, type Schema } from '@lava/job';
import { dumpYaml } from '@lava/yaml';
import { emptyLab, type Fields, type Kind, type Lab } from './kinds.ts';
import { labLimits } from './read-lab.ts';
import { boardDictionary, Consoles, type Board } from './board-dictionary.ts';

/*
 * boards.yaml of KernelCI's lava-docker: masters with users, slaves, boards. What concerns containers has no place in a
 * lab and is left out; so are passwords and tokens.
 */

type Options = NonNullable<Parameters<typeof mapping>[1]>;

/** lava-docker warns of keys that it does not know, and goes on. */
function lenient(fields: Readonly<Record<string, Schema>>, options: Options = {}): Schema {
  const known = Object.keys(fields);
  return mapping(fields, {
    ...options, others: 'allow',
    rules: [(value, report) => {
      for (const key of Object.keys(value).filter((k) => !known.includes(k))) {
        const meant = nearestWord(key, known);
        report({ path: [key], part: 'key', severity: 'warning', code: 'unknown-key', message: `unknown key ${JSON.stringify(key.slice(0, 60))}`, hint: meant && `Did you mean "${meant}"?` });
      }
    }],
  });
}

const names = list(text());
const word = either(text(), integer(), bool());
const docker = (keys: string) => Object.fromEntries(keys.split(' ').map((key) => [key, any()]));

const user = lenient({ name: required(text()), email: text(), superuser: bool(), staff: bool(), groups: list(lenient({ name: required(text()) })), ...docker('password token') });
const environment = list(text(), { about: 'a list of lines such as "http_proxy: http://proxy:3128"' });
const master = lenient({
  name: required(text()), users: list(user), groups: list(lenient({ name: required(text()), submitter: bool() })),
  slaveenv: list(lenient({ name: required(text()), env: required(environment) })),
  ...docker('allowed_hosts build_args event_notifications gunicorn_workers healthcheck_url host http_fqdn lava-coordinator listen_address loglevel persistent_db pg_lava_password smtp tokens type version webadmin_https webinterface_port'),
});
const slave = lenient({
  name: required(text()), host: text(), default_slave: bool(), dispatcher_ip: text(), tags: names, env: environment,
  ...docker('arch bind_dev build_args custom_volumes devices expose_ports export_ser2net expose_ser2net extra_actions host_healthcheck lava-coordinator lava_worker_token loglevel remote_address remote_master remote_proto remote_rpc_port remote_user remote_user_token use_docker use_nbd use_nfs use_overlay_server use_tap use_tftp version'),
});
const command = either(text(), names);
const board = lenient({
  name: required(text()), type: required(text()), slave: text(), kvm: bool(), tags: names, aliases: names, user: text(), group: text(),
  uboot_ipaddr: text(), uboot_macaddr: text(), fastboot_serial_number: word, connection_command: text(),
  custom_option: either(names, text()), raw_custom_option: names,
  pdu_generic: lenient({ hard_reset_command: required(command), power_off_command: required(command), power_on_command: required(command) }),
  uart: lenient({ idvendor: any(), idproduct: any(), serial: word, devpath: word, interfacenum: word, baud: integer(), worker: text(), use_ser2net: bool(), ...docker('ser2net_keepopen ser2net_options') }),
}, { exclusive: ['owner', ['user', 'group']] });

const boardsSchema: Schema = lenient({ masters: list(master), slaves: list(slave), boards: list(board) });

interface Slave { readonly name: string; readonly host?: string; readonly default_slave?: boolean; readonly dispatcher_ip?: string; readonly tags?: readonly string[]; readonly env?: readonly string[] }
interface Master {
  readonly users?: readonly { name: string; email?: string; superuser?: boolean; staff?: boolean; groups?: readonly { name: string }[] }[];
  readonly groups?: readonly { name: string }[];
  readonly slaveenv?: readonly { name: string; env: readonly string[] }[];
}
interface Boards { readonly masters?: readonly Master[]; readonly slaves?: readonly Slave[]; readonly boards?: readonly Board[] }

export interface ImportedBoards {
  readonly problems: readonly Problem[];
  /** Without errors: the lab that the file describes. */
  readonly lab?: Lab;
  /** What an admin has to know beside the lab. */
  readonly notes: readonly string[];
}

/** The lab that a boards.yaml describes. Never throws for any text. */
export function importBoards(source: string): ImportedBoards {
  const { problems, definition } = checkText(source, {
    limits: labLimits, empty: 'the file is empty', noMapping: 'boards.yaml is a mapping of masters, slaves and boards', advise: () => [],
    find: (value, located) => validate(boardsSchema, value, located),
  });
  if (!definition) return { problems, notes: [] };
  const found: Problem[] = [...problems];
  const { lab, notes } = labOf(definition as Mapping & Boards, found);
  return { problems: found, notes, ...(found.every((p) => p.severity !== 'error') && { lab }) };
}

function labOf({ masters = [], slaves = [], boards = [] }: Boards, problems: Problem[]): { lab: Lab; notes: string[] } {
  const lab = emptyLab();
  /** Adds an object, or fields to one that is there; lists grow. */
  const put = (kind: Kind, name: string, fields: Fields = {}) => {
    const before = lab[kind].get(name) ?? {};
    const lists = Object.entries(fields).map(([key, value]) => [key, Array.isArray(value) ? [...new Set([...(before[key] as string[] | undefined ?? []), ...value as string[]])].sort() : value]);
    lab[kind].set(name, { ...before, ...Object.fromEntries(lists) });
  };
  for (const { users = [], groups = [] } of masters) {
    for (const { name } of [...groups, ...users.flatMap((u) => u.groups ?? [])]) put('groups', name);
    for (const u of users) put('users', u.name, { email: u.email ?? '', is_superuser: u.superuser ?? false, is_staff: u.staff ?? false, groups: (u.groups ?? []).map((g) => g.name) });
  }
  const environments = new Map(masters.flatMap(({ slaveenv = [] }) => slaveenv.map(({ name, env }) => [name.toLowerCase(), env])));
  for (const one of slaves) {
    const name = one.name.toLowerCase();
    const env = one.env ?? environments.get(name);
    put('workers', name, {
      description: `LAVA dispatcher on ${one.host ?? 'local'}`,
      ...(one.dispatcher_ip && { dispatcher: dumpYaml({ dispatcher_ip: one.dispatcher_ip }) }),
      ...(env && { env: `overrides:\n${env.map((line) => `  ${line}\n`).join('')}` }),
    });
  }
  const consoles = new Consoles();
  const usual = slaves.length === 1 ? slaves[0] : slaves.find((s) => s.default_slave);
  for (const [i, one] of boards.entries()) {
    const worker = (one.slave ?? usual?.name ?? 'lab-slave-0').toLowerCase();
    const its = slaves.find((s) => s.name.toLowerCase() === worker);
    if (!its) problems.push({ severity: 'error', code: 'lab-unknown', path: ['boards', i, 'slave'], message: `the board ${one.name} is on ${worker}, but there is no slave of this name`, hint: 'Name one of the slaves, or add it.' });
    const tags = [...new Set([...(one.tags ?? []), ...(its?.tags ?? [])])].sort();
    for (const tag of tags) put('tags', tag);
    put('device_types', one.type, { aliases: one.aliases ?? [] });
    put('devices', one.name, {
      device_type: one.type, worker, tags, dictionary: boardDictionary(one, worker, consoles),
      ...(one.user !== undefined && { physical_owner: one.user }), ...(one.group !== undefined && { physical_group: one.group }),
    });
  }
  const secrets = lab.users.size > 0 ? ['Users have no passwords and no tokens here: "lava-server manage users update" and "tokens add" give them.'] : [];
  return { lab, notes: [...secrets, ...consoles.notes()] };
}
