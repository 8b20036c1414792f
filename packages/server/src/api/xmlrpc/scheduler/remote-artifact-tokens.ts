import { login } from '../access.ts';
import { method, type Method } from '../method.ts';
import { missing } from '../objects.ts';
import { text } from '../param.ts';
import { change } from '../../../store/change.ts';
import { storeNew } from '../stored.ts';

const name = text('name of the token');

export const schedulerRemoteArtifactTokens: readonly Method[] = [
  method('scheduler.remote_artifact_tokens.list', {
    access: login, about: "One's own tokens with which jobs fetch files from elsewhere.", returns: 'array of structs with name and token',
    async run({ services, user }) {
      return services.db.selectFrom('remote_artifact_tokens').select(['name', 'token']).where('user_id', '=', user.id).orderBy('name').execute();
    },
  }),
  method('scheduler.remote_artifact_tokens.show', {
    access: login, params: { name }, about: "One of one's own tokens.", returns: 'string',
    async run({ services, user }, { name }) {
      const row = await services.db.selectFrom('remote_artifact_tokens').select('token').where('user_id', '=', user.id).where('name', '=', name).executeTakeFirst();
      if (!row) throw missing('Token', name);
      return row.token;
    },
  }),
  method('scheduler.remote_artifact_tokens.add', {
    access: login, params: { name, token: text('the secret') }, about: 'Keeps a token; a job definition names it and its job gets it.', returns: 'nil',
    async run({ services, user }, { name, token }) {
      await storeNew('token', 'token already exists?', () => change(services, user.username, async (c) => {
        await c.trx.insertInto('remote_artifact_tokens').values({ user_id: user.id, name, token }).execute();
        c.note('token', user.username, `token for remote files added: ${name}`);
      }));
    },
  }),
  method('scheduler.remote_artifact_tokens.delete', {
    access: login, params: { name }, about: "Removes one of one's own tokens.", returns: 'nil',
    async run({ services, user }, { name }) {
      await change(services, user.username, async (c) => {
        const { numDeletedRows } = await c.trx.deleteFrom('remote_artifact_tokens').where('user_id', '=', user.id).where('name', '=', name).executeTakeFirst();
        if (numDeletedRows === 0n) throw missing('Token', name);
        c.note('token', user.username, `token for remote files removed: ${name}`);
      });
    },
  }),
];
