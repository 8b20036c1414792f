import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Containers } from './support/containers.ts';
import { runOn } from './support/run-on.ts';

// Arm's models, which run in a container and have each console behind a port that they tell. The model is a script here;
// containers, ports and Telnet are real.

/** Tells its version, or its arguments and where its consoles are. */
const model = `#!/bin/sh
case "$*" in --version) echo; echo 'Fast Models [11.25.15 (Feb 21 2024)]'; exit ;; esac
echo "model: $*"
console() {
    telnetd -p "$2" -l "/opt/model/$3"
    until grep -q ":$(printf '%04X' "$2") " /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done
    echo "$1: Listening for serial connection on port $2"
}
console terminal_1 5001 secure
console terminal_0 5000 linux
trap exit TERM
while :; do sleep 0.2; done
`;
const consoles = {
  linux: `#!/bin/sh
echo 'Linux version 6.1.0 (model)'
printf 'model login: '
read -r user
export PS1='root@model:~# '
exec sh -i
`,
  secure: `#!/bin/sh
echo 'secure world is up'
while printf 'secure> ' && read -r line; do echo "secure world hears $line"; done
`,
};

const missing = Containers.missing();
describe.skipIf(missing !== undefined)(`models${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lava-fvp-'));
  let containers: Containers;
  beforeAll(() => {
    containers = new Containers();
    containers.addImage('model', { 'opt/model/FVP_Base': model, 'opt/model/linux': consoles.linux, 'opt/model/secure': consoles.secure });
  });
  afterAll(() => {
    containers.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('two consoles: one is the device, the other is heard and can be talked to', async () => {
    writeFileSync(join(folder, 'Image'), 'kernel');
    const talk = (namespace: string, prompts: string[], ...script: object[]) => ({ test: { namespace, timeout: { minutes: 1 }, interactive: [{ name: 'talk', prompts, script }] } });
    const { outcome, cases, records, texts } = await runOn(folder, "{% extends 'fvp.jinja2' %}\n", [
      { deploy: { to: 'fvp', namespace: 'linux', images: { kernel: { url: `file://${folder}/Image` } } } },
      { boot: {
        method: 'fvp', namespace: 'linux', docker: { name: 'model', local: true }, image: '/opt/model/FVP_Base', arguments: ['-C', 'kernel={KERNEL}'],
        console_string: 'terminal_0: Listening for serial connection on port (?P<PORT>\\d+)', feedbacks: ['(?P<NAME>terminal_1): Listening for serial connection on port (?P<PORT>\\d+)'],
        prompts: ['root@model:'], auto_login: { login_prompt: 'model login:', username: 'root' },
      } },
      talk('linux', ['root@model:~# '], { name: 'linux', command: 'cat /lava-fvp-*/Image', successes: [{ message: '\nkernel' }] }),
      // Its first prompt has been there since it was switched on.
      talk('terminal_1', ['secure> '], { command: null }, { name: 'secure', command: 'hello', successes: [{ message: 'secure world hears hello' }] }),
    ]);
    expect(texts('exception')).toEqual([]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_talk/linux pass', '0_talk/secure pass']);
    expect(records).toContainEqual(expect.objectContaining({ lvl: 'feedback', ns: 'terminal_1', msg: 'secure world is up' }));
    expect(texts('target')).toContainEqual(expect.stringMatching(/^model: -C kernel=\/lava-fvp-\S+\/Image$/));
    expect(records).toContainEqual(expect.objectContaining({ lvl: 'results', msg: expect.objectContaining({ case: 'check-fvp-version', extra: expect.objectContaining({ 'fvp-version': 'Fast Models [11.25.15 (Feb 21 2024)]' }) as unknown }) as unknown }));
    expect(containers.names()).toEqual([]);
  });
});
