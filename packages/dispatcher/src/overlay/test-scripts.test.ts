import { expect, test } from 'vitest';
import { YamlFloat } from '@lava/yaml';
import { installScript, runScript } from './test-scripts.ts';

const parameters = { file: [['A', 'one'], ['B', 'two words'], ['C', true], ['D', 4], ['N', null]], job: [['B', 'override'], ['V', new YamlFloat(1)]] } as const;
const header = `###default parameters from test definition###
A='one'
B='two words'
C='True'
D='4'
N=''
######
###test parameters from job submission###
B='override'
V='1.0'
######
`;
const none = { file: [], job: [] };
const emptyHeader = '###default parameters from test definition###\n######\n###test parameters from job submission###\n######\n';

test('run.sh', () => {
  expect(runScript({ runId: '0_smoke', folder: '/lava-4212/0/tests/0_smoke', parameters, steps: ['uname -a', 'lava-test-case x --shell "awk {print $1}"', 'echo $1'] })).toBe(`${header}set -e
set -x
export TESTRUN_ID=0_smoke
cd /lava-4212/0/tests/0_smoke
UUID="$(cat uuid)"
set +x
echo "<LAVA_SIGNAL_STARTRUN $TESTRUN_ID $UUID>"
set -x
uname -a
lava-test-case x --shell "awk {print \\$1}"
echo $1
set +x
echo "<LAVA_SIGNAL_ENDRUN $TESTRUN_ID $UUID>"
`);
});

test('run.sh with signals in the kernel log and slow characters', () => {
  expect(runScript({ runId: '0_k', folder: '/f', parameters: none, steps: [], kmsg: true, characterDelay: 0.007 })).toBe(`${emptyHeader}set -e
set -x
export TESTRUN_ID=0_k
cd /f
UUID="$(cat uuid)"
set +x
# USE_KMSG
export KMSG=true
export CHARACTER_DELAY=0.007
sleep 0.007
echo "<0><LAVA_SIGNAL_STARTRUN $TESTRUN_ID $UUID>" > /dev/kmsg
set -x
set +x
unset KMSG
sleep 0.007
echo "<0><LAVA_SIGNAL_ENDRUN $TESTRUN_ID $UUID>" > /dev/kmsg
`);
});

test('install.sh', () => {
  expect(installScript({ folder: '/f', parameters: none, keys: ['k1'], sources: ['s1', 's2'], packages: ['foo', 'bar'], steps: ['make'] }))
    .toBe(`${emptyHeader}lava-add-keys k1\nlava-add-sources s1\nlava-add-sources s2\nlava-install-packages foo bar\ncd /f\npwd\nmake\n`);
  expect(installScript({ folder: '/f', parameters: none, keys: [], sources: [], packages: [], steps: [] })).toBe(emptyHeader);
});
