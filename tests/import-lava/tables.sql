-- What another LAVA has: its tables with the columns of release 2023.01 that matter, and a small lab.
-- Passwords: ada "correct horse", bob "battery staple". Tokens: "ada" and "bob" repeated to 128 characters.

create table django_migrations (id serial primary key, app text not null, name text not null, applied timestamptz not null);
create table django_content_type (id serial primary key, app_label text not null, model text not null);
create table django_admin_log (id serial primary key, action_time timestamptz not null, object_id text, object_repr text not null, action_flag smallint not null, change_message text not null, content_type_id int, user_id int not null);
create table django_session (session_key text primary key, session_data text not null, expire_date timestamptz not null);
create table auth_permission (id serial primary key, name text not null, content_type_id int not null, codename text not null);
create table auth_user (id serial primary key, password text not null, last_login timestamptz, is_superuser boolean not null, username text not null unique, first_name text not null, last_name text not null, email text not null, is_staff boolean not null, is_active boolean not null, date_joined timestamptz not null);
create table auth_group (id serial primary key, name text not null unique);
create table auth_user_groups (id serial primary key, user_id int not null, group_id int not null);
create table auth_user_user_permissions (id serial primary key, user_id int not null, permission_id int not null);
create table auth_group_permissions (id serial primary key, group_id int not null, permission_id int not null);
create table linaro_django_xmlrpc_authtoken (id serial primary key, secret text not null unique, description text not null, created_on timestamptz not null, last_used_on timestamptz, user_id int not null);
create table lava_scheduler_app_extendeduser (id serial primary key, irc_handle text, irc_server text, user_id int not null, table_length smallint);
create table lava_scheduler_app_remoteartifactsauth (id serial primary key, name text not null, token text not null, user_id int not null);
create table lava_scheduler_app_tag (id serial primary key, name text not null, description text);
create table lava_scheduler_app_jobfailuretag (id serial primary key, name text not null, description text);
create table lava_scheduler_app_devicetype (name text primary key, display boolean not null, architecture_id text, bits_id smallint, core_count smallint, cpu_model text, processor_id text, description text, health_denominator int not null, health_frequency int not null, disable_health_check boolean not null);
create table lava_scheduler_app_devicetype_cores (id serial primary key, devicetype_id text not null, core_id text not null);
create table lava_scheduler_app_alias (name text primary key, device_type_id text);
create table lava_scheduler_app_worker (hostname text primary key, description text, health int not null, state int not null, last_ping timestamptz not null, job_limit int not null, version text, master_version_notified text, token text not null);
create table lava_scheduler_app_device (hostname text primary key, device_version text, description text, device_type_id text not null, last_health_report_job_id int, physical_group_id int, physical_owner_id int, worker_host_id text, health int not null, state int not null, is_synced boolean not null);
create table lava_scheduler_app_device_tags (id serial primary key, device_id text not null, tag_id int not null);
create table lava_scheduler_app_groupdevicepermission (id serial primary key, device_id text not null, group_id int not null, permission_id int not null);
create table lava_scheduler_app_groupdevicetypepermission (id serial primary key, devicetype_id text not null, group_id int not null, permission_id int not null);
create table lava_scheduler_app_testjob (is_public boolean not null, id serial primary key, sub_id text not null, target_group text, description text, health_check boolean not null, submit_time timestamptz not null, start_time timestamptz, end_time timestamptz, priority int not null, definition text not null, original_definition text not null, multinode_definition text not null, failure_comment text, actual_device_id text, requested_device_type_id text, submitter_id int not null, pipeline_compatibility int not null, health int not null, state int not null, token text not null, queue_timeout bigint);
create table lava_scheduler_app_testjob_tags (id serial primary key, testjob_id int not null, tag_id int not null);
create table lava_scheduler_app_testjob_failure_tags (id serial primary key, testjob_id int not null, jobfailuretag_id int not null);
create table lava_scheduler_app_testjob_viewing_groups (id serial primary key, testjob_id int not null, group_id int not null);
create table lava_scheduler_app_testjobuser (id serial primary key, is_favorite boolean not null, test_job_id int not null, user_id int not null);
create table lava_results_app_testsuite (id serial primary key, name text, job_id int not null);
create table lava_results_app_testset (id serial primary key, name text, suite_id int not null);
create table lava_results_app_testcase (id serial primary key, name text not null, units text not null, result smallint not null, measurement numeric, metadata text, logged timestamptz not null, suite_id int not null, test_set_id int, end_log_line int, start_log_line int);
create table lava_results_app_querygroup (id serial primary key, name text not null);
create table lava_results_app_query (id serial primary key, name text not null, description text, "limit" int not null, is_published boolean not null, is_live boolean not null, is_changed boolean not null, is_updating boolean not null, last_updated timestamptz, group_by_attribute text, target_goal numeric, is_archived boolean not null, content_type_id int not null, group_id int, owner_id int not null, query_group_id int);
create table lava_results_app_querycondition (id serial primary key, field text not null, operator text not null, value text not null, query_id int not null, table_id int not null);
create table lava_results_app_queryomitresult (id serial primary key, object_id int not null, content_type_id int not null, query_id int not null);
create table lava_results_app_chartgroup (id serial primary key, name text not null);
create table lava_results_app_chart (id serial primary key, name text not null, description text, is_published boolean not null, chart_group_id int, group_id int, owner_id int not null);
create table lava_results_app_chartquery (id serial primary key, chart_type text not null, target_goal numeric, chart_height int not null, is_percentage boolean not null, chart_visibility text not null, xaxis_attribute text, representation text not null, relative_index int not null, attributes text, chart_id int not null, query_id int not null);

insert into django_migrations (app, name, applied) values ('contenttypes', '0001_initial', '2021-03-04 05:06:07.891011+00'), ('lava_scheduler_app', '0056_of_this_lab', '2023-02-01 08:00:00+00');
insert into django_content_type (id, app_label, model) values (1, 'lava_scheduler_app', 'device'), (2, 'lava_scheduler_app', 'testjob'), (3, 'lava_scheduler_app', 'worker'), (4, 'sites', 'site'), (5, 'lava_scheduler_app', 'devicetype'), (6, 'lava_results_app', 'testcase');
insert into auth_permission (id, name, content_type_id, codename) values (1, 'add', 1, 'add_device'), (2, 'view', 1, 'view_device'), (3, 'cancel', 2, 'change_testjob'), (4, 'site', 4, 'change_site'), (5, 'submit', 5, 'submit_to_devicetype'), (6, 'delete', 1, 'delete_device');

insert into auth_user (id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active, date_joined, last_login) values
  (1, 'lava-health', 'not-a-hash', false, '', '', '', false, true, '2021-03-04 05:06:07+00', null),
  (2, 'ada', 'pbkdf2_sha256$260000$Zr5mQ0aLw9$AzbHrjohjntOx0FkesZMTj/F5gQ/XKFc/XAErPOxtt4=', true, 'Ada', 'Board', 'ada@example.org', true, true, '2021-03-05 09:00:00.123456+00', '2023-02-03 07:00:00+00'),
  (3, 'bob', 'pbkdf2_sha256$20000$k3Pd8sXv1$t720Hn+FPUZ711ci4gJF0lOkTg92d/FG68tySx0V0Gk=', false, 'Bob', 'Probe', 'bob@example.org', false, true, '2021-04-01 09:00:00+00', null),
  (4, 'directory', '!unusable', false, '', '', '', false, true, '2021-04-02 09:00:00+00', null),
  (5, 'blowfish', 'bcrypt_sha256$$2b$06$abcdefghijklmnopqrstuuBxMTZ1MJ5W/4hd0PpzFEEuMCBzZRBM.', false, '', '', '', false, true, '2021-04-03 09:00:00+00', null),
  (7, 'crypted', 'crypt$ab$abJnggxhB/yWI', false, '', '', '', false, true, '2021-04-03 10:00:00+00', null);
insert into auth_group (id, name) values (1, 'lab'), (2, 'secret');
insert into auth_user_groups (user_id, group_id) values (2, 1), (3, 1), (3, 2);
insert into auth_user_user_permissions (user_id, permission_id) values (3, 1), (3, 4);
insert into auth_group_permissions (group_id, permission_id) values (1, 3);
insert into linaro_django_xmlrpc_authtoken (secret, description, created_on, last_used_on, user_id) values
  ('adaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaadaad', 'laptop', '2021-03-05 10:00:00+00', null, 2), ('bobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbobbo', 'ci', '2021-04-01 10:00:00+00', '2023-02-03 06:00:00.654321+00', 3);
insert into lava_scheduler_app_extendeduser (user_id, irc_handle, irc_server) values (2, 'ada_', 'irc.example.org');
insert into lava_scheduler_app_remoteartifactsauth (name, token, user_id) values ('store', 'Bearer of-artifacts', 3);

insert into lava_scheduler_app_tag (id, name, description) values (7, 'fast', 'Has a fast disk'), (8, 'usb', null);
insert into lava_scheduler_app_jobfailuretag (id, name, description) values (3, 'flaky', 'Fails now and then');
insert into lava_scheduler_app_devicetype (name, display, architecture_id, bits_id, core_count, cpu_model, processor_id, description, health_denominator, health_frequency, disable_health_check) values
  ('qemu', true, 'x86_64', 64, 2, 'virtual', null, 'Virtual machines', 1, 50, false), ('panel', false, null, null, null, null, null, null, 0, 24, true);
insert into lava_scheduler_app_devicetype_cores (devicetype_id, core_id) values ('qemu', 'core-a'), ('qemu', 'core-b');
insert into lava_scheduler_app_alias (name, device_type_id) values ('vm', 'qemu'), ('nothing', null);
insert into lava_scheduler_app_worker (hostname, description, health, state, last_ping, job_limit, version, token) values ('old-worker', 'Under the desk', 0, 0, '2023-02-03 08:00:00+00', 4, '2023.01', 'a-token-of-a-worker');
insert into lava_scheduler_app_device (hostname, device_version, description, device_type_id, last_health_report_job_id, physical_group_id, physical_owner_id, worker_host_id, health, state, is_synced) values
  ('qemu01', null, 'First', 'qemu', 41, null, 2, 'old-worker', 0, 2, false), ('panel01', 'r2', null, 'panel', null, 1, null, null, 3, 0, false);
insert into lava_scheduler_app_device_tags (device_id, tag_id) values ('qemu01', 7);
insert into lava_scheduler_app_groupdevicepermission (device_id, group_id, permission_id) values ('panel01', 2, 2), ('panel01', 2, 6);
insert into lava_scheduler_app_groupdevicetypepermission (devicetype_id, group_id, permission_id) values ('qemu', 1, 5);

insert into lava_scheduler_app_testjob (is_public, id, sub_id, target_group, description, health_check, submit_time, start_time, end_time, priority, definition, original_definition, multinode_definition, failure_comment, actual_device_id, requested_device_type_id, submitter_id, pipeline_compatibility, health, state, token, queue_timeout) values
(true, 40, '', null, 'boot and test', false, '2023-02-03 23:59:58.123456+00', '2023-02-04 00:00:01.654321+00', '2023-02-04 00:01:02+00', 75, 'job_name: boot and test
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '# as it was written
job_name: boot and test
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '', null, 'qemu01', 'qemu', 3, 0, 1, 5, 'a-token-of-a-job', null),
(true, 41, '', null, 'health check of qemu01', true, '2023-02-04 01:00:00+00', '2023-02-04 01:00:01+00', '2023-02-04 01:00:30+00', 50, 'job_name: health check of qemu01
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '# as it was written
job_name: health check of qemu01
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '', 'the cable was out', 'qemu01', 'qemu', 1, 0, 2, 5, 'a-token-of-a-job', 3000000),
(false, 42, '', null, 'for few eyes', false, '2023-02-04 02:00:00+00', '2023-02-04 02:00:01+00', '2023-02-04 02:00:30+00', 50, 'job_name: for few eyes
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '# as it was written
job_name: for few eyes
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '', null, 'qemu01', 'qemu', 3, 0, 3, 5, 'a-token-of-a-job', null),
(true, 43, '', null, 'still runs', false, '2023-02-04 03:00:00+00', '2023-02-04 03:00:01+00', null, 50, 'job_name: still runs
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '# as it was written
job_name: still runs
device_type: qemu
visibility: public
timeouts:
  job:
    minutes: 5
metadata:
  build: ''17''
  branch: main
actions: []
', '', null, 'qemu01', 'qemu', 3, 0, 0, 3, 'a-token-of-a-job', null),
(true, 44, '44.0', '0f8e-group', 'pair', false, '2023-02-04 04:00:00+00', '2023-02-04 04:00:01+00', '2023-02-04 04:00:30+00', 50, 'job_name: pair
device_type: qemu
protocols:
  lava-multinode:
    role: client
    essential: false
    sub_id: 44.0
timeouts:
  job:
    minutes: 5
visibility: public
actions: []
', '# as it was written
job_name: pair
device_type: qemu
protocols:
  lava-multinode:
    role: client
    essential: false
    sub_id: 44.0
timeouts:
  job:
    minutes: 5
visibility: public
actions: []
', 'job_name: pair
', null, 'qemu01', 'qemu', 3, 0, 1, 5, 'a-token-of-a-job', null),
(true, 45, '44.1', '0f8e-group', 'pair', false, '2023-02-04 04:00:00+00', '2023-02-04 04:00:01+00', '2023-02-04 04:00:30+00', 50, 'job_name: pair
device_type: qemu
protocols:
  lava-multinode:
    role: server
    essential: true
    sub_id: 44.1
timeouts:
  job:
    minutes: 5
visibility: public
actions: []
', '# as it was written
job_name: pair
device_type: qemu
protocols:
  lava-multinode:
    role: server
    essential: true
    sub_id: 44.1
timeouts:
  job:
    minutes: 5
visibility: public
actions: []
', 'job_name: pair
', null, 'panel01', 'qemu', 3, 0, 1, 5, 'a-token-of-a-job', null);
insert into lava_scheduler_app_testjob_tags (testjob_id, tag_id) values (40, 7);
insert into lava_scheduler_app_testjob_failure_tags (testjob_id, jobfailuretag_id) values (41, 3);
insert into lava_scheduler_app_testjob_viewing_groups (testjob_id, group_id) values (42, 2);
insert into lava_scheduler_app_testjobuser (is_favorite, test_job_id, user_id) values (true, 40, 2), (true, 41, 2);
-- A callback that names an API token of its submitter.
update lava_scheduler_app_testjob set definition = definition || E'notify:\n  criteria:\n    status: finished\n  callback:\n    url: https://example.org/\n    token: ci\n' where id = 42;
insert into lava_results_app_querygroup (id, name) values (1, 'Triage');
insert into lava_results_app_query (id, name, description, "limit", is_published, is_live, is_changed, is_updating, is_archived, content_type_id, group_id, owner_id, query_group_id) values
  (1, 'incomplete', 'Look at these', 50, true, false, false, false, false, 2, 1, 2, 1), (2, 'r-and-d', null, 200, false, true, false, false, false, 6, null, 3, null), (3, 'too-new', null, 200, false, true, false, false, false, 2, null, 3, null);
insert into lava_results_app_querycondition (query_id, table_id, field, operator, value) values (1, 2, 'health', 'exact', 'Incomplete'), (2, 6, 'name', 'icontains', 'r&amp;d'), (3, 2, 'viewing_groups', 'exact', 'lab');
insert into lava_results_app_queryomitresult (query_id, content_type_id, object_id) values (1, 2, 44);
insert into lava_results_app_chart (id, name, description, is_published, owner_id) values (1, 'trend', 'Every night', true, 2);
insert into lava_results_app_chartquery (chart_id, query_id, chart_type, target_goal, chart_height, is_percentage, chart_visibility, representation, relative_index) values (1, 1, 'pass/fail', 80, 300, true, 'both', 'bars', 0);

insert into lava_results_app_testsuite (id, name, job_id) values (101, 'lava', 40), (102, '0_smoke', 40), (103, 'lava', 41);
insert into lava_results_app_testset (id, name, suite_id) values (11, 'memory', 102);
insert into lava_results_app_testcase (id, name, units, result, measurement, metadata, logged, suite_id, test_set_id, start_log_line, end_log_line) values
  (1001, 'validate', 'seconds', 0, 0.02, E'case: validate\ndefinition: lava\nduration: ''0.02''\nextra: /var/lib/lava-server/default/media/job-output/2023/02/03/40/metadata/lava-validate-1.yaml\nlevel: ''1''\nresult: pass\n', '2023-02-04 00:00:02.000001+00', 101, null, null, null),
  (1002, 'job', '', 0, null, E'case: job\ndefinition: lava\nresult: pass\n', '2023-02-04 00:01:02+00', 101, null, null, null),
  (1003, 'linux', '', 0, null, E'case: linux\ndefinition: 0_smoke\nresult: pass\n', '2023-02-04 00:00:30+00', 102, null, 3, 4),
  (1004, 'free', 'kB', 1, 123456.75, E'case: free\ndefinition: 0_smoke\nmeasurement: 123456.75\nresult: fail\nset: memory\nunits: kB\n', '2023-02-04 00:00:31+00', 102, 11, 4, 5),
  (1005, 'job', '', 1, null, E'case: job\ndefinition: lava\nerror_msg: No power\nerror_type: Infrastructure\nresult: fail\n', '2023-02-04 01:00:30+00', 103, null, null, null);

insert into django_admin_log (id, action_time, object_id, object_repr, action_flag, change_message, content_type_id, user_id) values
  (1, '2023-02-04 01:00:30.5+00', 'qemu01', 'qemu01', 2, 'Good → Bad (health-check [<a href="/scheduler/job/41">41</a>] failed)', 1, 1),
  (2, '2023-02-04 01:30:00+00', 'qemu01', 'qemu01', 2, '[{"changed": {"fields": ["Health", "Description"]}}]', 1, 2),
  (3, '2023-02-04 01:40:00+00', '1', 'example.org', 2, 'renamed', 4, 2),
  (4, '2023-02-04 02:00:20+00', '42', '42', 2, 'Cancel requested', 2, 3);
