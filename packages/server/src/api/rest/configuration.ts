import type { FastifyInstance, FastifyReply } from 'fastify';
import type { User } from '../../auth/users.ts';
import { readConfiguration, writeConfiguration } from '../../devices/configuration.ts';
import type { Services } from '../../services.ts';
import { change } from '../../store/change.ts';
import type { ConfigurationKind } from '../../store/database.ts';
import { definitionLimit } from '../body.ts';
import { attachment } from '../send.ts';
import { detailError } from './refusals.ts';
import { bodyText, route, textBody, type RestRequest } from './route.ts';

interface OfObject { key: string }

interface Options {
  /** With `:key` where the name of the object stands. */
  readonly path: string;
  readonly kind: ConfigurationKind;
  /** Field of a POST that has the text, and what is said without it if not the usual. */
  readonly field: string;
  readonly missing?: string;
  /** The text, where it is not only what admins wrote. */
  read?(name: string): Promise<string | undefined>;
  /** What is said when there is no text. */
  absent(name: string): string;
  /** Name of the file that is sent. */
  file(name: string): string;
  /** Name of the object if the user may see it; throws otherwise. */
  named(request: RestRequest<OfObject>): Promise<string>;
  /** Throws when the user may not write. */
  mayWrite(request: RestRequest): User;
  done(reply: FastifyReply): unknown;
}

/** GET and POST of one text that configures a device type or a worker. */
export function configurationRoute(app: FastifyInstance, services: Services, o: Options): void {
  route<OfObject>(app, o.path, {
    GET: async (request, reply) => {
      const name = await o.named(request);
      const text = await (o.read?.(name) ?? readConfiguration(services, o.kind, name));
      if (text === undefined) throw detailError(400, o.absent(name));
      return attachment(reply, o.file(name)).type('application/yaml').send(text);
    },
    POST: async (request, reply) => {
      const user = o.mayWrite(request as RestRequest);
      const name = await o.named(request);
      const text = bodyText(request, o.field, o.missing === undefined ? {} : { missing: o.missing });
      await change(services, user.username, (c) => writeConfiguration(c, services.paths, o.kind, name, text));
      return o.done(reply);
    },
  }, { bodyLimit: definitionLimit, ...textBody(o.field) });
}
