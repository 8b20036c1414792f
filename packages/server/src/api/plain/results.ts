import { dumpYaml, loadYaml } from '@lava/yaml';
import { isMapping } from '@lava/job';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { caseAsYaml, casesAsCsv, casesAsYaml, storedCases } from '../../export/cases.ts';
import { whole, type Query } from '../query.ts';
import { visibleJobId } from '../job-id.ts';
import { quotedAttachment, stream } from '../send.ts';

interface OfJob { Params: { job: string } }
interface OfSuite { Params: { job: string; suite: string }; Querystring: Query }

export function plainResults(app: FastifyInstance, services: Services): void {
  const { db } = services;

  app.get<OfJob>('/results/:job/csv', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    return stream(quotedAttachment(reply, `lava_${id}.csv`), 'text/csv', casesAsCsv(storedCases(services, id, { bySuite: true }), false));
  });

  app.get<OfJob>('/results/:job/yaml', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    return stream(quotedAttachment(reply, `lava_${id}.yaml`), 'text/yaml', casesAsYaml(storedCases(services, id, { bySuite: true })));
  });

  app.get<OfJob>('/results/:job/yaml_summary', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const suites = await db.selectFrom('test_suites').select(['id', 'name']).where('job', '=', id).orderBy('id').execute();
    const list = suites.map((s) => ({ name: s.name, job: String(id), id: String(s.id) }));
    return quotedAttachment(reply, `lava_${id}_summary.yaml`).type('text/yaml').send(dumpYaml(list));
  });

  app.get<OfJob>('/results/:job/metadata', async (request, reply) => {
    const id = await visibleJobId(services, request.user, request.params.job);
    const { definition } = await db.selectFrom('jobs').select('definition').where('id', '=', id).executeTakeFirstOrThrow();
    return quotedAttachment(reply, `lava_metadata_${id}.yaml`).type('text/yaml').send(dumpYaml(metadataOf(definition)));
  });

  const suiteOf = async (user: User | null, params: OfSuite['Params']) => {
    const job = await visibleJobId(services, user, params.job);
    const row = await db.selectFrom('test_suites').select('id').where('job', '=', job).where('name', '=', params.suite).executeTakeFirst();
    if (!row) throw notFound(`Suite ${params.suite} of job ${params.job}`);
    return { job, suite: row.id };
  };
  const most = 2 ** 31 - 1;
  const range = (query: Query) => ({ limit: whole(query, 'limit', 0, most), offset: whole(query, 'offset', 0, most) });

  for (const path of ['/results/:job/:suite/csv', '/results/:job/:suite/stream/csv']) {
    app.get<OfSuite>(path, async (request, reply) => {
      const { job, suite } = await suiteOf(request.user, request.params);
      return stream(quotedAttachment(reply, `lava_${request.params.suite}.csv`), 'text/csv', casesAsCsv(storedCases(services, job, { suite, ...range(request.query) }), true));
    });
  }

  app.get<OfSuite>('/results/:job/:suite/yaml', async (request, reply) => {
    const { job, suite } = await suiteOf(request.user, request.params);
    return stream(quotedAttachment(reply, `lava_${request.params.suite}.yaml`), 'text/yaml', casesAsYaml(storedCases(services, job, { suite, ...range(request.query) })));
  });

  app.get<OfSuite>('/results/:job/:suite/+testcase-count', async (request, reply) => {
    const { suite } = await suiteOf(request.user, request.params);
    const { n } = await db.selectFrom('test_cases').select(sql<number>`count(*)::int`.as('n')).where('suite_id', '=', suite).executeTakeFirstOrThrow();
    return reply.type('text/plain').send(String(n));
  });

  app.get<{ Params: { id: string } }>('/results/testcase/:id/yaml', async (request, reply) => {
    const { id } = request.params;
    const missing = notFound(`Test case ${id.slice(0, 20)}`);
    if (!/^\d{1,9}$/.test(id)) throw missing;
    const { rows } = await sql<{ job: number }>`
      select jobs.id as job from test_cases c join jobs on jobs.id = c.job where c.id = ${Number(id)} and ${visibleJobs(request.user)}`.execute(db);
    if (!rows[0]) throw missing;
    for await (const c of storedCases(services, rows[0].job, { id: Number(id) })) return quotedAttachment(reply, `lava_${c.name}.yaml`).type('text/yaml').send(caseAsYaml(c));
    throw missing;
  });
}

function metadataOf(definition: string): unknown {
  try {
    const value = loadYaml(definition);
    return (isMapping(value) && value['metadata']) || {};
  } catch { return {}; }
}
