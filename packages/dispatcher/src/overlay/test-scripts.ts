import { pythonText } from '../text/shell-text.ts';

/** Variables for the scripts of a test: those of the definition's file, then those of the job, which win. */
export interface TestParameters {
  readonly file: readonly (readonly [name: string, value: unknown])[];
  readonly job: readonly (readonly [name: string, value: unknown])[];
}

/** The lines that both scripts start with. Values are between single quotes, unescaped, and not exported. */
function parameterHeader({ file, job }: TestParameters): string {
  const lines = (pairs: TestParameters['file']) => pairs.map(([name, value]) => `${name}='${pythonText(value)}'\n`).join('');
  return `###default parameters from test definition###\n${lines(file)}######\n`
    + `###test parameters from job submission###\n${lines(job)}######\n`;
}

export interface RunScript {
  /** `0_smoke`. */
  readonly runId: string;
  /** Folder of the definition on the device. */
  readonly folder: string;
  readonly parameters: TestParameters;
  readonly steps: readonly string[];
  /** Signals go to the kernel log instead of the console. */
  readonly kmsg?: boolean;
  /** Seconds to wait before each signal: for consoles that lose characters. */
  readonly characterDelay?: number;
}

/** Text of `run.sh`. A failing step ends it, without the ENDRUN signal. */
export function runScript({ runId, folder, parameters, steps, kmsg = false, characterDelay = 0 }: RunScript): string {
  const pause = characterDelay > 0 ? `sleep ${characterDelay}\n` : '';
  const signal = (name: string) => (kmsg
    ? `echo "<0><LAVA_SIGNAL_${name} $TESTRUN_ID $UUID>" > /dev/kmsg\n`
    : `echo "<LAVA_SIGNAL_${name} $TESTRUN_ID $UUID>"\n`);
  return parameterHeader(parameters)
    + 'set -e\nset -x\n'
    + `export TESTRUN_ID=${runId}\n`
    + `cd ${folder}\n`
    + 'UUID="$(cat uuid)"\n'
    + 'set +x\n'
    + (kmsg ? '# USE_KMSG\nexport KMSG=true\n' : '')
    + (pause ? `export CHARACTER_DELAY=${characterDelay}\n${pause}` : '')
    + signal('STARTRUN')
    + 'set -x\n'
    + steps.map((step) => `${keepFields(step)}\n`).join('')
    + 'set +x\n'
    + (kmsg ? 'unset KMSG\n' : '')
    + pause
    + signal('ENDRUN');
}

/** `$1` in a command that a helper runs means a field of awk and the like, not an argument of `run.sh`. */
function keepFields(step: string): string {
  return /--cmd|--shell/.test(step) ? step.replace(/\$(?=\d)/g, '\\$') : step;
}

export interface InstallScript {
  readonly folder: string;
  readonly parameters: TestParameters;
  readonly keys: readonly string[];
  readonly sources: readonly string[];
  readonly packages: readonly string[];
  readonly steps: readonly string[];
}

/** Text of `install.sh`; its status is that of the last command. */
export function installScript({ folder, parameters, keys, sources, packages, steps }: InstallScript): string {
  return parameterHeader(parameters)
    + keys.map((key) => `lava-add-keys ${key}\n`).join('')
    + sources.map((source) => `lava-add-sources ${source}\n`).join('')
    + (packages.length > 0 ? `lava-install-packages ${packages.join(' ')}\n` : '')
    + (steps.length > 0 ? `cd ${folder}\npwd\n${steps.map((step) => `${step}\n`).join('')}` : '');
}
