import { ConfigurationError } from '@lava/base';
import { mappingAt } from '@lava/job';
import type { Action, ActionSpec, Method, Parameters } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { deviceHasMethod } from '../pipeline/select-method.ts';
import { shellQuote } from '../text/shell-text.ts';

/** A changed root on the device, entered from the shell that the connection has. */
export const schroot: Method = {
  name: 'schroot',
  accepts(job, parameters) {
    if (parameters['method'] !== 'schroot') return '"method" was not "schroot"';
    return deviceHasMethod(job.device, 'boot', 'schroot') || '"schroot" was not in the device configuration boot methods';
  },
  build: (_job, parameters) => schrootLogin(parameters),
};

function schrootLogin(parameters: Parameters): ActionSpec {
  const name = asText(parameters['schroot'] ?? '');
  return {
    name: 'schroot-login',
    summary: 'enter specified schroot',
    description: 'enter schroot using existing connection',
    validate(a) {
      if (!/^[\w.+-]+$/.test(name)) a.error(`'${name}' cannot be the name of a schroot`);
      const { name: known } = mappingAt(a.job.device, 'actions', 'boot', 'methods', 'schroot') ?? {};
      const names = Array.isArray(known) ? known.map(asText) : known === undefined ? [] : [asText(known)];
      if (names.length > 0 && !names.includes(name)) a.error(`The device has no schroot '${name}', only ${names.join(', ')}`);
    },
    async run(a) {
      const connection = a.needConnection();
      a.log.info(`Entering ${name} schroot`);
      connection.prompts = [`\\(${name}\\)`];
      await connection.sendLine(command(a, name));
      await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    },
  };
}

/** The device's command; one that does not say which schroot it enters gets its name. */
function command(a: Action, name: string): string {
  const text = mappingAt(a.job.device, 'actions', 'boot', 'methods', 'schroot')?.['command'];
  if (typeof text !== 'string' || text.trim() === '') {
    throw new ConfigurationError('Missing schroot command in device configuration', { code: 'schroot-command', hint: "Set it in the device dictionary, e.g. {% set schroot = 'schroot' %}." });
  }
  return text.includes(name) ? text : `${text} -c ${shellQuote(name)}`;
}
