import { ConfigurationError, JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import type { Method, Parameters } from './action.ts';
import type { JobContext } from './job-context.ts';

type Family = 'deploy' | 'boot' | 'test';

/**
 * The method that is meant by a block: of all that accept it the one of highest priority, then the first in the table.
 * @throws JobError with everybody's reasons when none accepts
 */
export function selectMethod(family: Family, methods: readonly Method[], job: JobContext, parameters: Parameters): Method {
  checkDevice(family, job, parameters);
  const reasons: string[] = [];
  let best: Method | undefined;
  for (const method of methods) {
    const answer = method.accepts(job, parameters);
    if (answer !== true) reasons.push(`${method.name}: ${answer}`);
    else if (best === undefined || (method.priority ?? -1) > (best.priority ?? -1)) best = method;
  }
  if (best) return best;
  throw new JobError(
    `None of the <Base-${family}> strategies accepted your deployment parameters, reasons given:\n${reasons.join('\n')}`, { code: `${family}-not-supported` });
}

function checkDevice(family: Family, { device }: JobContext, parameters: Parameters): void {
  const refuse = (what: string) => { throw new ConfigurationError(`Invalid device configuration: ${what}`, { code: 'device-configuration' }); };
  if (family === 'deploy') {
    if (!('actions' in device)) refuse("missing 'actions'");
    if (parameters['to'] === undefined) throw new ConfigurationError("'to' not specified in deploy parameters", { code: 'deploy-without-to' });
    if (!mappingAt(device, 'actions', 'deploy')) refuse("missing 'actions.deploy'");
    if (mappingAt(device, 'actions', 'deploy')?.['methods'] === undefined) refuse("missing 'actions.deploy.methods'");
  }
  if (family === 'boot') {
    if (parameters['method'] === undefined) throw new ConfigurationError("'method' not specified in boot parameters", { code: 'boot-without-method' });
    if (!('actions' in device)) refuse("missing 'actions'");
    if (!mappingAt(device, 'actions', 'boot')) refuse("missing 'actions.boot'");
    if (mappingAt(device, 'actions', 'boot')?.['methods'] === undefined) refuse("missing 'actions.boot.methods'");
  }
}

/** Whether a device configuration lists a method: as a key (its value may be null) or in a list. */
export function deviceHasMethod(device: Readonly<Record<string, unknown>>, family: Family, name: string): boolean {
  const methods = mappingAt(device, 'actions', family)?.['methods'];
  return Array.isArray(methods) ? methods.includes(name) : isMapping(methods) && Object.hasOwn(methods, name);
}
