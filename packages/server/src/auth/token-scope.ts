import type { TokenScope } from '../store/database.ts';
import type { User } from './users.ts';

/*
 * What a token allows beside what its user may do. What is not listed here needs a token for everything, so that
 * an address or a method that is added later is closed to small tokens until somebody opens it.
 */

/** Changing requests that change nothing, by method and pattern. */
const readRequests: ReadonlySet<string> = new Set([
  'POST /api/v1/validate', 'POST /api/v0.2/jobs/validate/', 'POST /api/v0.2/jobs/validate_testdef/', 'POST /api/v0.2/devices/validate/',
  // Every method says for itself what it needs.
  'POST /RPC2', 'POST /RPC2/',
]);

const submitRequests: ReadonlySet<string> = new Set([
  'POST /api/v1/jobs', 'POST /api/v1/jobs/:job/cancel', 'POST /api/v1/jobs/:job/resubmit',
  'POST /api/v0.2/jobs/', 'POST /api/v0.2/jobs/:job/resubmit/', 'GET /api/v0.2/jobs/:job/cancel/', 'POST /api/v0.2/jobs/:job/cancel/', 'POST /api/v0.2/jobs/batch_cancel/',
]);

/** What a request needs of a token. */
export function scopeOfRequest(method: string, pattern: string): TokenScope {
  const name = `${method} ${pattern}`;
  if (submitRequests.has(name)) return 'submit';
  return readRequests.has(name) || ['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'read' : 'all';
}

const submitMethods: ReadonlySet<string> = new Set(['submit_job', 'cancel_job', 'resubmit_job', 'jobs.submit', 'jobs.cancel', 'jobs.resubmit'].map((name) => `scheduler.${name}`));
const readMethod = new RegExp(`^(?:${[
  String.raw`(?:auth|scheduler)\.(?:.*\.)?(?:list|show|perms_list|devices|get_health_check|get_template|get_dictionary|configuration|definition|logs|queue|validate)`,
  String.raw`results\.(?:get_.*|make_custom_query|run_query)`,
  String.raw`scheduler\.(?:all_.*|get_.*|job_.*|pending_.*|export_device_dictionary|validate_.*)`,
  String.raw`system\.(?:api_version|listMethods|master_config|method.*|multicall|user_can_.*|version|whoami)`,
].join('|')})$`);
/** Secrets of jobs: no small token may see or change them. */
const secretMethod = /^scheduler\.remote_artifact_tokens\./;

/** What an XML-RPC method needs of a token. */
export function scopeOfMethod(name: string): TokenScope {
  if (secretMethod.test(name)) return 'all';
  return submitMethods.has(name) ? 'submit' : readMethod.test(name) ? 'read' : 'all';
}

const strength: Readonly<Record<TokenScope, number>> = { read: 0, submit: 1, all: 2 };

/** Whether the token that a user came with is enough; whoever came without one may do what the user may. */
export function scopeAllows(user: User | null, needed: TokenScope): boolean {
  return strength[user?.scope ?? 'all'] >= strength[needed];
}

/** The text of a refusal. */
export const scopeRefusal = (scope: TokenScope | undefined, needed: TokenScope) => `This token is for ${scope === 'read' ? 'reading' : 'reading and submitting'} only; this needs a token with the scope "${needed}".`;

export const isTokenScope = (text: string): text is TokenScope => Object.hasOwn(strength, text);
