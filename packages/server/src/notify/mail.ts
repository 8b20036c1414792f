import { createTransport } from 'nodemailer';
import { messageOf } from '@lava/base';
import { DeliveryError } from './failure.ts';
import type { MailSettings } from './settings.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Says to mail programs that a mail that came twice is one. */
  readonly id: string;
}

/** Hands a mail to the SMTP server of the settings. Throws DeliveryError when the server did not take it. */
export async function sendMail(settings: MailSettings, { to, subject, text, id }: Mail, signal: AbortSignal): Promise<void> {
  const { host, port, login, tls, from } = settings;
  const timeout = settings.timeout * 1000;
  // What the settings say and nothing else: a mail server on this machine often offers TLS with a certificate of its own.
  const transport = createTransport({
    host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none', auth: login,
    connectionTimeout: timeout, greetingTimeout: timeout, socketTimeout: timeout, disableFileAccess: true, disableUrlAccess: true,
  });
  const stop = () => transport.close();
  signal.addEventListener('abort', stop, { once: true });
  const domain = /@([\w.-]+)>?$/.exec(from)?.[1] ?? 'localhost';
  try {
    const sending = transport.sendMail({
      from, to: { name: '', address: to }, subject, text, messageId: `<lava.${id}@${domain}>`,
      // No machine shall answer to it.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-LAVA-Delivery': id },
    });
    await Promise.race([sending, aborted(signal)]);
  } catch (error) {
    const { responseCode } = error as { responseCode?: number };
    throw new DeliveryError(`the mail server ${host}:${port} did not take it: ${messageOf(error)}`, { final: responseCode !== undefined && responseCode >= 500 && (error as { code?: string }).code === 'EENVELOPE', cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error('no answer in time'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Looks like the address of a mailbox; whether there is one, only its server knows. */
export function isMailAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\]+$/.test(text);
}
