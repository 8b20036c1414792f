import { SubmitError, type Submitted } from '../../../services.ts';
import type { User } from '../../../auth/users.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import type { Context } from '../method.ts';

/** Stores a definition: the number of the job or, of a multinode job, the ids of its members. Throws Fault with LAVA's texts. */
export function submit(context: Context<User>, definition: string): Promise<XmlRpcValue> {
  return submitted(() => context.services.jobs.submit(definition, context.user));
}

/** Submits what a job was submitted as once more, of one of a multinode group the whole group. */
export function resubmit(context: Context<User>, job: number): Promise<XmlRpcValue> {
  return submitted(() => context.services.jobs.resubmit(job, context.user));
}

async function submitted(work: () => Promise<Pick<Submitted, 'names'> | undefined>): Promise<XmlRpcValue> {
  try {
    const names = (await work())?.names ?? [];
    return names.length === 1 && typeof names[0] === 'number' ? names[0] : names;
  } catch (error) {
    throw error instanceof SubmitError ? submitFault(error) : error;
  }
}

function submitFault(error: SubmitError): Fault {
  const first = error.problems.find((p) => p.severity === 'error');
  const message = first?.upstream ?? error.message;
  if (first?.code === 'unknown-device') return new Fault(404, 'Specified device or device type not found.');
  if (error.kind === 'unavailable') return new Fault(400, `Device unavailable: ${message}`);
  if (first?.code === 'unknown-tag') return new Fault(400, `Invalid job definition: ${message}.`);
  if (error.kind === 'yaml') return new Fault(400, `Problem with submitted job data: Loading job submission failed: ${message}.`);
  return new Fault(400, `Problem with submitted job data: ${message}`);
}
