import type { Delivery } from './deliveries.ts';
import { DeliveryError } from './failure.ts';
import { ircLine } from './irc-line.ts';
import { sendIrc } from './irc.ts';
import { readJobFacts } from './job-facts.ts';
import { composeMail } from './mail-text.ts';
import { sendMail } from './mail.ts';
import { readNotify } from './notify-block.ts';
import { sendCallback } from './send-callback.ts';
import type { SendContext } from './send-context.ts';

/** Sends one delivery. Throws DeliveryError when it did not arrive. */
export async function send(context: SendContext, delivery: Delivery): Promise<void> {
  const { services: { db }, settings, guard, signal } = context;
  const facts = await readJobFacts(db, delivery.job, delivery.state);
  const block = facts && readNotify(facts.definition);
  if (!facts || !block) throw new DeliveryError('the job asks for it no more', { final: true });
  switch (delivery.method) {
    case 'email': {
      const mail = await composeMail(context, facts, block);
      return sendMail(settings.mail, { ...mail, to: delivery.recipient, id: delivery.id }, signal);
    }
    case 'irc': {
      const { nick, server } = ircTarget(delivery.recipient);
      return sendIrc(settings.irc, { nick, server, text: ircLine(settings, facts) }, guard, signal);
    }
    case 'callback': {
      const callback = block.callbacks[Number(delivery.key.split(':')[0])];
      if (!callback) throw new DeliveryError('the definition has no such callback', { final: true });
      return sendCallback(context, callback, facts, { url: delivery.recipient, delivery: delivery.id });
    }
  }
}

/** `NICK@SERVER` apart. */
function ircTarget(recipient: string): { nick: string; server: string } {
  const at = recipient.lastIndexOf('@');
  return { nick: recipient.slice(0, at), server: recipient.slice(at + 1) };
}

/** The host that a URL or an address leads to, by which slow receivers are told from others; empty if there is none. */
export function receiverHost(method: Delivery['method'], recipient: string): string {
  if (method === 'email') return '';
  if (method === 'irc') return ircTarget(recipient).server;
  if (!URL.canParse(recipient)) return '';
  return new URL(recipient).hostname;
}
