import { login } from '../access.ts';
import { Fault } from '../codec/values.ts';
import { method, type Method } from '../method.ts';
import { missing } from '../objects.ts';
import { text } from '../param.ts';
import { isTaken } from '../../../store/taken.ts';

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
      try {
        await services.db.insertInto('remote_artifact_tokens').values({ user_id: user.id, name, token }).execute();
      } catch (error) {
        throw isTaken(error) ? new Fault(400, 'Bad request: token already exists?') : error;
      }
    },
  }),
  method('scheduler.remote_artifact_tokens.delete', {
    access: login, params: { name }, about: "Removes one of one's own tokens.", returns: 'nil',
    async run({ services, user }, { name }) {
      const { numDeletedRows } = await services.db.deleteFrom('remote_artifact_tokens').where('user_id', '=', user.id).where('name', '=', name).executeTakeFirst();
      if (numDeletedRows === 0n) throw missing('Token', name);
    },
  }),
];
