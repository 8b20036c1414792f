import type { FastifyInstance } from 'fastify';
import type { LdapSettings } from '../../auth/sign-in-settings.ts';
import type { EventSettings } from '../events/settings.ts';
import type { Services } from '../../services.ts';
import { definitionLimit } from '../body.ts';
import { answerError } from '../errors.ts';
import { checkCsrf, whoAsks } from '../who.ts';
import { parseCall } from './codec/parse.ts';
import { Fault } from './codec/values.ts';
import { writeFault, writeResponse } from './codec/write.ts';
import { userOfHeader } from './credentials.ts';
import { dispatch } from './dispatch.ts';
import { methods } from './methods.ts';

/** A definition with every `<` and `&` written as an entity, and a few in one `system.multicall`. */
const bodyLimit = 4 * definitionLimit;

/** `/RPC2`: LAVA's XML-RPC interface (docs/xmlrpc.md). */
export async function xmlrpc(app: FastifyInstance, { services, events, ldap }: { services: Services; events: EventSettings; ldap: LdapSettings | undefined }): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, services.log, (answer) => {
    if (answer.status === 401) reply.header('www-authenticate', 'Basic realm="XML-RPC Authentication token"');
    return [answer.status, 'text/plain; charset=utf-8', answer.message];
  }));

  app.decorateRequest('user', null);
  app.decorateRequest('bySession', false);
  app.addHook('onRequest', async (request) => {
    // Clients name all sorts of types, some of which are none.
    request.headers['content-type'] = 'text/xml';
    const header = request.headers.authorization;
    if (header !== undefined) {
      request.user = await userOfHeader(services, header);
      return;
    }
    Object.assign(request, await whoAsks(services, request));
    if (request.method === 'POST') checkCsrf(request);
  });

  // Both, since clients do not follow redirects of a POST.
  for (const path of ['/RPC2', '/RPC2/']) {
    app.get(path, async (_request, reply) => reply.redirect('/api/help/', 302));
    app.post(path, { bodyLimit }, async (request, reply) => {
      const body = request.body as Buffer | undefined;
      if (!body?.length) return reply.redirect('/api/help/', 302);
      reply.type('application/xml; charset=utf-8');
      try {
        return reply.send(writeResponse(await dispatch(methods, { services, events, ldap, user: request.user }, parseCall(body, { size: bodyLimit }))));
      } catch (error) {
        if (error instanceof Fault) return reply.send(writeFault(error));
        throw error;
      }
    });
  }
}
