import { didYouMean } from '@lava/base';
import { failureClasses, failureReasons } from '../failure-reasons.ts';
import { mappingAt, type Mapping } from '../mapping.ts';
import type { Finding } from '../schema/schema.ts';

const known = [...failureClasses, ...failureReasons];

/** Reasons of `retry` that no job ever ends with, or that are never a reason to try again. */
export function retryAdvice(job: Mapping): Finding[] {
  const reasons = mappingAt(job, 'retry')?.['reasons'];
  return (Array.isArray(reasons) ? reasons : []).slice(0, 1000).flatMap((reason: unknown, i): Finding[] => {
    if (typeof reason !== 'string' || exists(reason)) return [];
    return [{
      path: ['retry', 'reasons', i], code: 'unknown-reason', message: `no job that could be tried again ends for the reason ${JSON.stringify(reason.slice(0, 60))}`,
      hint: didYouMean(reason, known) ?? `Give classes (${failureClasses.join(', ')}) or reason codes such as login-timeout; download-* stands for all that begin so.`,
    }];
  });
}

function exists(reason: string): boolean {
  if (neverRetried.includes(reason)) return false;
  return reason.endsWith('*') ? failureReasons.some((code) => code.startsWith(reason.slice(0, -1))) : known.includes(reason) || /^download-\d{3}$/.test(reason);
}

/** Somebody has ended the job, or it can never run. */
const neverRetried = ['canceled', 'canceled-again', 'deleted', 'ended-by-admin', 'worker-disabled'];
