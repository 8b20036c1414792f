import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finishDeadRun } from '../../packages/dispatcher/src/finish-dead-run.ts';
import { Containers } from './support/containers.ts';
import { runOn, steps } from './support/run-on.ts';

// Containers of Podman: a system to test, and a place for tests to run in.

const missing = Containers.missing();
const folder = mkdtempSync(join(tmpdir(), 'lava-docker-'));
let containers: Containers;
beforeAll(() => { if (missing === undefined) containers = new Containers(); });
afterAll(() => {
  if (missing === undefined) containers.remove();
  rmSync(folder, { recursive: true, force: true });
});

const image = { name: 'lava-test', local: true };

describe.skipIf(missing !== undefined)(`containers${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  test('deploy, boot and test a container', async () => {
    const { outcome, cases, texts } = await runOn(folder, "{% extends 'docker.jinja2' %}\n{% set docker_extra_arguments = ['--stop-signal=KILL', '--network=host'] %}\n{% set docker_memory = '64m' %}\n", [
      { deploy: { to: 'docker', os: 'debian', image } },
      { boot: { method: 'docker', command: 'bash --norc', prompts: ['bash-[0-9.]+#'] } },
      { test: { definitions: [steps('inside', 'lava-test-case name --shell test "$(hostname)" = lava', 'lava-test-case overlay --shell test -e /lava-4212/bin/lava-test-runner')] } },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_inside/name pass', '0_inside/overlay pass']);
    expect(texts('debug').find((t) => t.startsWith('Boot command: '))).toMatch(
      /^Boot command: docker run --rm --interactive --tty --hostname lava --name lava-4212-2\.1 --volume \S+\/lava-4212:\/lava-4212 --memory 64m --stop-signal=KILL --network=host lava-test bash --norc$/);
    expect(containers.names()).toEqual([]);
  });

  test('tests in a container know the device, whose console they leave alone', async () => {
    const { outcome, cases, texts, records } = await runOn(folder, `{% extends 'docker.jinja2' %}
{% set connection_list = ['uart0'] %}
{% set connection_commands = {'uart0': 'cat'} %}
{% set connection_tags = {'uart0': ['primary']} %}
{% set hard_reset_command = ['true', 'echo on'] %}
`, [
      { test: { docker: { image: 'lava-test', local: true }, definitions: [steps('outside',
        'lava-test-case told --shell test "$LAVA_HARD_RESET_COMMAND" = "true && echo on"', 'lava-test-case connection --shell test "$LAVA_CONNECTION_COMMAND" = cat',
        'lava-test-case mounted --shell test "$(cat /data/note)" = noted', 'lava-test-case environment --shell test "$FROM_JOB" = 1')] } },
      { test: { docker: { image: 'lava-test', local: true }, definitions: [steps('again', 'lava-test-case second --shell true')] } },
    ], { job: { environment: { FROM_JOB: 1 } }, dispatcher: { prefix: 'lab-', test_docker_bind_mounts: [[note(), '/data/note']] } });
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_outside/told pass', '0_outside/connection pass', '0_outside/mounted pass', '0_outside/environment pass', '1_again/second pass']);
    const starts = texts('debug').filter((t) => t.startsWith('Starting docker test shell container: '));
    expect(starts).toHaveLength(2);
    expect(starts[0]).toMatch(/: docker run --interactive --tty --rm --init --name=lava-docker-test-shell-lab--4212-1\.3 --mount=type=bind,source=\S+,destination=\/lava-4212 --mount=type=bind,source=\S+,destination=\/data\/note,readonly=true '--env=PS1=docker-test-shell:\$ ' lava-test bash --norc -i$/);
    expect(records.some((r) => r.lvl === 'feedback')).toBe(false);
    expect(containers.names()).toEqual([]);
  });

  test('downloads are worked on in a container, and tests find them in theirs', async () => {
    const { outcome, cases } = await runOn(folder, "{% extends 'docker.jinja2' %}\n", [
      { deploy: { to: 'downloads', images: { note: { url: `file://${note()}` } }, postprocess: { docker: { image: 'lava-test', local: true, steps: ['tr a-z A-Z < note > "$TARGET"', 'ls overlay-*.tar.gz > archive'] } } } },
      { test: { docker: { image: 'lava-test', local: true }, definitions: [steps('made', 'lava-test-case big --shell test "$(cat /lava-downloads/big)" = NOTED', 'lava-test-case overlay --shell grep overlay-1 /lava-downloads/archive')] } },
    ], { job: { environment: { TARGET: 'big' } } });
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_made/big pass', '0_made/overlay pass']);
    const failed = await runOn(folder, "{% extends 'docker.jinja2' %}\n", [{ deploy: { to: 'downloads', images: { note: { url: `file://${note()}` } }, postprocess: { docker: { image: 'lava-test', local: true, steps: ['echo so far', 'false', 'echo never'] } } } }]);
    expect(failed.outcome).toMatchObject({ errorType: 'Job', errorMessage: 'Post-processing of downloads failed' });
    expect(failed.texts('debug')).toContain('>> so far');
    expect(failed.texts('debug')).not.toContain('>> never');
    expect(containers.names()).toEqual([]);
  });

  test('services run beside the tests, until a command or the end of the job stops them', async () => {
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'compose.yaml'), `services:
  greeter:
    image: lava-test
    stop_signal: SIGKILL
    env_file: .env
    volumes: ["${folder}:/shared"]
    command: sh -c 'echo $$GREETING > /shared/greeting; sleep 600'
`);
    execFileSync('sh', ['-c', 'git init -q && git add . && git -c user.name=t -c user.email=t@t commit -qm c && tar -czf ../project.tar.gz compose.yaml'], { cwd: project });
    const dictionary = "{% extends 'docker.jinja2' %}\n{% set allow_test_services = true %}\n";
    const service = (name: string) => ({ name, path: 'compose.yaml', from: 'git', repository: project });
    const { outcome, records } = await runOn(folder, dictionary, [
      { test: { services: [service('from-git')] } },
      { test: { docker: { image: 'lava-test', local: true }, definitions: [steps('greeted', `for n in $(seq 50); do test -s /shared/greeting && break; sleep 0.2; done`, 'lava-test-case greeting --shell grep hello /shared/greeting')] } },
      { command: { name: 'stop_test_services' } },
      { test: { services: [{ ...service('from-url'), from: 'url', repository: `file://${folder}/project.tar.gz`, compression: 'gz' }] } },
    ], { job: { environment: { GREETING: 'hello' } }, dispatcher: { test_docker_bind_mounts: [[folder, '/shared']] } });
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    const cases = records.filter((r) => r.lvl === 'results').map((r) => r.msg as Record<string, unknown>);
    expect(cases.filter((c) => c['case'] === 'lava-test-service')).toMatchObject([
      { result: 'pass', extra: { name: 'from-git', commit: expect.stringMatching(/^[0-9a-f]{40}$/) as string } },
      { result: 'pass', extra: { name: 'from-url' } },
    ]);
    expect(cases.find((c) => c['case'] === 'greeting')).toMatchObject({ result: 'pass' });
    expect(containers.names()).toEqual([]);
    const refused = await runOn(folder, "{% extends 'docker.jinja2' %}\n", [{ test: { services: [service('a'), service('a'), service('b c')] } }]);
    expect(refused.outcome.errorMessage).toContain("Device 'allow_test_services' must be set to 'true' for running test services on LAVA worker.");
    expect(refused.outcome.errorMessage).toContain('Test service names need to be unique.');
    expect(refused.outcome.errorMessage).toContain("Invalid characters found in test service name 'b c'. Allowed: letters, digits, underscore and hyphen.");
  });

  test('a job that is canceled leaves no container, and one whose lava-run is killed neither', async () => {
    const cancel = new AbortController();
    const tests = [{ test: { docker: { image: 'lava-test', local: true }, definitions: [steps('long', 'sleep 600')] } }];
    const running = runOn(folder, "{% extends 'docker.jinja2' %}\n", tests, { signal: cancel.signal, listener: (record) => { if (String(record.msg).includes('<LAVA_SIGNAL_STARTRUN')) cancel.abort(); } });
    expect((await running).outcome).toMatchObject({ errorType: 'Canceled' });
    expect(containers.names()).toEqual([]);

    const outputDir = join(folder, 'killed');
    const scratch = join(folder, 'left');
    mkdirSync(outputDir);
    mkdirSync(scratch);
    containers.docker('run', '--detach', '--stop-signal=KILL', '--name', 'lava-left', containers.image, 'sleep', '600');
    writeFileSync(join(scratch, 'leftovers'), `${JSON.stringify(['docker', 'rm', '--force', 'lava-left'])}\n["torn`);
    symlinkSync(join(outputDir, 'logs.yaml'), join(scratch, 'logs.yaml'));
    writeFileSync(join(outputDir, 'scratch'), scratch);
    await finishDeadRun({ outputDir, reason: 'killed' });
    expect(containers.names()).toEqual([]);
  });

  test('an image that cannot be had, or has no name, or a container that ends', async () => {
    const run = (docker: object) => runOn(folder, "{% extends 'docker.jinja2' %}\n", [{ test: { docker, definitions: [steps('never', 'true')] } }]);
    expect((await run({ image: 'localhost:1/nothing' })).outcome).toMatchObject({ result: 'fail', errorType: 'Job', errorMessage: "Unable to pull docker image 'localhost:1/nothing'" });
    expect((await run({ image: '-' })).outcome).toMatchObject({ errorType: 'Job', errorCode: 'container-image' });
    const ended = await run({ image: 'lava-test', local: true, network_from: 'nobody' });
    expect(ended.outcome).toMatchObject({ result: 'fail', errorCode: 'connection-closed' });
    expect(ended.texts('error').join('\n')).toContain('nobody-lava-4212');
    expect(containers.names()).toEqual([]);
  });
});

function note(): string {
  const file = join(folder, 'note');
  writeFileSync(file, 'noted\n');
  return file;
}
