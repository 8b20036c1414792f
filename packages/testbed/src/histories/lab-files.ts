/** Device type of the boards. */
export const boardTemplate = `parameters: {}
commands:
  connect: {{ connection_command }}
  hard_reset: {{ hard_reset_command }}
  power_off: {{ power_off_command }}
constants:
  failure_retry: 1
  boot_retry: 1
  kernel-start-message: 'Linux version [0-9]'
  default-shell-prompt: 'lava-test: # '
  shutdown-message: 'going down'
  spawn_maxread: '4092'
actions:
  deploy: {methods: {}}
  boot: {connections: {serial: null}, methods: {minimal: null}}
timeouts:
  actions: {power-off: {seconds: 20}}
  connections: {}
`;

/** The board's power switch is told the attempt; it answers when it has done it. */
export const powerScript = `exec 3<>/dev/tcp/$1/$2 || exit 1
echo "$3 \${LAVA_ATTEMPT##*/}" >&3
read -r answer <&3
[ "$answer" = done ]
`;

/** Notes for every change of jobs, attempts and logs in which term it was stored. */
export const noteTerms = [
  'create table terms_of_changes (id bigserial primary key, term bigint not null)',
  `create function note_term() returns trigger language plpgsql as $$
    begin
      if coalesce(current_setting('lava.epoch', true), '') <> '' then insert into terms_of_changes (term) values (current_setting('lava.epoch')::bigint); end if;
      return null;
    end $$`,
  ...['jobs', 'attempts', 'log_pieces'].map((table) => `create trigger noted_term after insert or update or delete on ${table} for each statement execute function note_term()`),
];
