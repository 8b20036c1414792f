import { createPrivateKey, createPublicKey } from 'node:crypto';

/** A key pair as files of OpenSSH hold it. */
export interface SshKey {
  readonly privateText: string;
  /** One line, as in `authorized_keys`. */
  readonly publicText: string;
}

const type = 'ssh-ed25519';
/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const derHead = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key by which the jobs of a multinode group sign in to the group's devices.
 * @param secret 64 hexadecimal digits that only the members of the group have: it is the private key
 * @param name of the group, for the comment in the key
 */
export function groupKey(secret: string, name: string): SshKey {
  const seed = Buffer.from(secret, 'hex');
  const publicBytes = createPublicKey(createPrivateKey({ key: Buffer.concat([derHead, seed]), format: 'der', type: 'pkcs8' })).export({ type: 'spki', format: 'der' }).subarray(-32);
  const publicBlob = Buffer.concat([field(type), field(publicBytes)]);
  const comment = `lava-${name}`;
  // The two numbers would tell a wrong password; there is none.
  const privateBlob = Buffer.concat([number(0), number(0), publicBlob, field(Buffer.concat([seed, publicBytes])), field(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (privateBlob.length % 8)) % 8 }, (_, i) => i + 1));
  const blob = Buffer.concat([Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), number(1), field(publicBlob), field(Buffer.concat([privateBlob, padding]))]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateText: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicText: `${type} ${publicBlob.toString('base64')} ${comment}\n`,
  };
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
}
