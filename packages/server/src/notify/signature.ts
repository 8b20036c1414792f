import { createHmac, type Hmac } from 'node:crypto';

/**
 * The key with which one receiver (`https://host:port`) checks signatures. Each has its own, so that none can sign in our
 * name to another; an admin reads it with `lava-server manage notifications key`.
 */
export function receiverKey(signingKey: string, origin: string): string {
  return createHmac('sha256', signingKey).update(`callback ${origin}`).digest('hex');
}

/** Takes the body; the header `X-LAVA-Signature` is `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY`. */
export function startSignature(key: string, at = new Date()): { update(text: string): void; header(): string } {
  const seconds = Math.floor(at.getTime() / 1000);
  const hmac: Hmac = createHmac('sha256', key).update(`${seconds}.`);
  return { update: (text) => { hmac.update(text); }, header: () => `t=${seconds},v1=${hmac.digest('hex')}` };
}
