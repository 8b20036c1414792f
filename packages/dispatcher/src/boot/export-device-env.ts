import { characterDelay } from '../connections/character-delay.ts';
import { deviceEnvironment, dynamicData } from '../pipeline/namespace-data.ts';
import type { ActionSpec } from '../pipeline/action.ts';

/** Types the environment of env-dut into the shell on the device, and into the file that later shells read. */
export const exportDeviceEnv: ActionSpec = {
  name: 'export-device-env',
  summary: 'Exports environment variables action',
  description: 'Exports environment variables to the device',
  async run(a) {
    const environment = a.get(deviceEnvironment);
    const dynamic = Object.entries(a.get(dynamicData) ?? {});
    const lasting = Object.entries(environment?.variables ?? {});
    if (lasting.length === 0 && dynamic.length === 0) return;
    const connection = a.needConnection();
    const type = async (line: string) => {
      await connection.sendLine(line, { delayMs: characterDelay(a) });
      await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    };
    if (environment && lasting.length > 0) {
      for (const [name, value] of lasting) await type(`echo ${quoted(name, value)} >> ${environment.shellFile}`);
      await type(`. ${environment.shellFile}`);
    }
    for (const [name, value] of dynamic) await type(`export ${name}=${shellWord(value)}`);
  },
};

/** The words `export NAME='value'` such that the device's shell echoes them as they are. */
function quoted(name: string, value: string): string {
  const simple = /^[\w@%+=:,./-]*$/.test(value);
  return simple ? `export ${name}=\\'${value}\\'` : shellWord(`export ${name}=${shellWord(value)}`);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
