import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Services } from '../../services.ts';
import { loginRequired } from '../errors.ts';
import { text, type Query } from '../query.ts';

/** Names in one answer: who looks for one types more of it. */
const most = 100;

/** Names of users that begin with a text, for fields that complete them. */
export function plainPeople(app: FastifyInstance, { db }: Services): void {
  app.get<{ Querystring: Query }>('/scheduler/username-list-json', async (request) => {
    if (!request.user) throw loginRequired();
    const term = text(request.query, 'term') ?? '';
    return db.selectFrom('users').select(['id', 'username as name', 'username as label']).where(sql<boolean>`starts_with(lower(username), lower(${term}))`).orderBy('username').limit(most).execute();
  });
}
