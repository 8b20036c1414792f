import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from './object-store.ts';

export interface S3Settings {
  readonly bucket: string;
  /** Begins all names in the bucket. */
  readonly prefix: string;
  readonly region: string;
  /** Of a server other than Amazon's. */
  readonly endpoint: string | undefined;
  /** Names that are told by one answer and removed by one request; S3 allows 1000. */
  readonly atOnce?: number;
}

/** Files in a bucket of S3 or of a server that speaks its language. Keys come from the environment, as for all of Amazon's tools. */
export function s3Store({ bucket: Bucket, prefix, region, endpoint, atOnce = 1000 }: S3Settings): ObjectStore {
  const client = new S3Client({
    region, maxAttempts: 3, requestHandler: { connectionTimeout: 5000, socketTimeout: 60_000 },
    // Other servers are named by their address alone, and not all of them know the newer check sums.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const key = (name: string) => prefix + name;
  return {
    place: `s3://${Bucket}/${prefix}`,
    async put(name, content) {
      const [Body, ContentLength] = Buffer.isBuffer(content) ? [content, content.length] : [createReadStream(content.path), (await stat(content.path)).size];
      await client.send(new PutObjectCommand({ Bucket, Key: key(name), Body, ContentLength }));
    },
    async get(name) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key(name) }));
        return Body instanceof Readable ? Body : undefined;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async list(from) {
      const names: string[] = [];
      for (let more = true; more;) {
        const last = names.at(-1);
        const { Contents = [], IsTruncated } = await client.send(new ListObjectsCommand({ Bucket, Prefix: key(from), MaxKeys: atOnce, ...(last !== undefined && { Marker: key(last) }) }));
        for (const { Key } of Contents) if (Key !== undefined) names.push(Key.slice(prefix.length));
        more = IsTruncated === true && Contents.length > 0;
      }
      return names;
    },
    async remove(names) {
      for (let at = 0; at < names.length; at += atOnce) {
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: names.slice(at, at + atOnce).map((name) => ({ Key: key(name) })) } }));
        if (Errors[0]) throw new Error(`${Errors[0].Key} could not be removed: ${Errors[0].Message ?? Errors[0].Code}`);
      }
    },
  };
}
