import { InfrastructureError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { compilePattern } from '../expect/pattern.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { loginAction } from './login-action.ts';
import { promptList } from '../text/prompts.ts';

/**
 * From the start of the kernel to a shell prompt.
 * @param options.booting false when the device runs already (ssh, a second connection): no kernel start is waited for
 */
export function autoLoginAction(options: { readonly booting: boolean } = { booting: true }): ActionSpec {
  return {
    name: 'auto-login-action',
    summary: 'auto-login after boot with support for kernel messages.',
    description: 'automatically login after boot using job parameters and checking for messages.',
    retry: true,
    children: [loginAction],
    validate,
    async run(a) {
      if (options.booting) await waitForKernelStart(a);
      await a.runChildren();
    },
  };
}

function validate(a: Action): void {
  const { auto_login: login, prompts } = a.parameters;
  if (login !== undefined) {
    if (!isMapping(login)) a.error("'auto_login' should be a dictionary");
    else {
      if (!('login_prompt' in login)) a.error("'login_prompt' is mandatory for auto_login");
      else if (!login['login_prompt']) a.error("Value for 'login_prompt' cannot be empty");
      if (!('username' in login)) a.error("'username' is mandatory for auto_login");
      if ('password_prompt' in login && !('password' in login)) a.error("'password' is mandatory if 'password_prompt' is used in auto_login");
      if ('login_commands' in login) {
        if (!Array.isArray(login['login_commands'])) a.error("'login_commands' must be a list");
        else if (login['login_commands'].length === 0) a.error("'login_commands' must not be empty");
      }
    }
  }
  if (prompts === undefined) a.error("'prompts' is mandatory for AutoLoginAction");
  else if (!Array.isArray(prompts) && typeof prompts !== 'string') a.error("'prompts' should be a list or a str");
  else if (prompts.length === 0) a.error("Value for 'prompts' cannot be empty");
  else if (promptList(prompts).includes('')) a.error("Items of 'prompts' can't be empty");
  const { login_prompt: loginPrompt, password_prompt: passwordPrompt } = isMapping(login) ? login : {};
  for (const pattern of [...promptList(prompts), loginPrompt, passwordPrompt, a.parameters['failure_message']]) {
    if (typeof pattern === 'string' && pattern !== '') compilePattern(pattern);
  }
}

async function waitForKernelStart(a: Action): Promise<void> {
  const connection = a.needConnection();
  const asked = mappingAt(a.parameters, 'parameters')?.['kernel-start-message'];
  const start = asked ?? a.constant('kernel-start-message');
  if (start === '' || start === null) return;
  const errors = mappingAt(a.job.device, 'constants', asText(a.parameters['method']))?.['error-messages'];
  const errorMessages = Array.isArray(errors) ? errors.map(asText) : [];
  connection.prompts = [asText(start), ...errorMessages];
  const match = await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  if (match.index === 0) return;
  throw new InfrastructureError(`matched a bootloader error message: '${errorMessages[match.index - 1]}' (${match.index})`, { code: 'bootloader-error' });
}
