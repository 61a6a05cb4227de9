/** Starts the controller: database, migrations, HTTP, background work; and stops it so that nothing is cut short. */
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppModule, jobHandlers, newRequestId } from './app.module.js';
import { usualBounds, type Bounds } from './bounds.js';
import type { Config } from './config.js';
import { contractOperation } from './contract/contract.js';
import { ControllerLogger } from './controller-logger.js';
import { jsonLimit, readBodies, refuseForeignBody } from './http/bodies.js';
import { refuseLargeOfStrangers } from './http/caller.js';
import { serveDocs } from './http/docs.js';
import { sendProblem } from './http/problem.filter.js';
import { answerUnreadable } from './http/unreadable.js';
import { CasmError } from './model/errors.js';
import { Metrics } from './northbound/metrics.js';
import { JobRunner } from './operations/background/job-runner.js';
import { Hall } from './operations/hall.js';
import { installBootstrapToken } from './operations/tokens/authenticate.js';
import { TokenDesk } from './operations/tokens/token-desk.js';
import { Dispatcher } from './southbound/dispatcher.js';
import { RevisionWatch } from './southbound/revision-watch.js';
import { createDataSource, migrate } from './storage/database.js';

export interface RunningController {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startController(config: Config, bounds: Bounds = usualBounds): Promise<RunningController> {
  const logger = new ControllerLogger(config.logLevel);
  const log = new Logger('controller');
  const source = await createDataSource(config.databaseUrl, config.databaseConnections).initialize();
  try {
    if (config.migrate) await migrate(source, config.databaseUrl);
    const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(config, source, bounds), httpAdapter(bounds), { logger, abortOnError: false, bodyParser: false });
    const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    prepare(server, app.get(Metrics), app.get(TokenDesk));
    await serveDocs(server);
    const hall = app.get(Hall);
    await hall.act('installBootstrapToken', installBootstrapToken, { secret: config.adminToken });
    await app.get(RevisionWatch).start();
    await app.get(JobRunner).start(jobHandlers(hall, app.get(Dispatcher), config), config.workers);
    await app.listen(config.port, config.host);
    log.log(`listening on ${await app.getUrl()}`);
    return {
      url: await app.getUrl(),
      stop: async () => {
        await app.close();
        await source.destroy();
      },
    };
  } catch (error) {
    await source.destroy().catch(() => undefined);
    throw error;
  }
}

function httpAdapter({ longestQueue: _, ...timeouts }: Bounds): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: jsonLimit,
    forceCloseConnections: true,
    requestTimeout: timeouts.requestTimeout,
    // Who forgets to name a host is told so by a hook of ours.
    http: { ...timeouts, requireHostHeader: false },
    // A caller's own request id is kept when it is safe to log and to store.
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : newRequestId();
    },
    // An address that cannot be decoded reaches no route, and so neither the hooks nor the filter.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply.header('x-request-id', request.id), request.id, new CasmError('invalid-request', `the address cannot be read: ${error.message}`)),
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, newRequestId()),
  });
}

function prepare(server: FastifyInstance, metrics: Metrics, tokens: TokenDesk): void {
  readBodies(server);
  // An expectation that nobody knows may be passed by (RFC 9110 §10.1.1); left alone it is a 417 without a word.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response));
  server.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) throw new CasmError('invalid-request', 'HTTP/1.1 wants a Host header');
    await refuseLargeOfStrangers(request, tokens);
    refuseForeignBody(request, reply);
  });
  server.addHook('onResponse', async (request, reply) => {
    const operation = (request as { asked?: { call: { operation: string } } }).asked?.call.operation;
    // How long a stream lasted says nothing of how fast it was answered.
    const streamed = reply.getHeader('content-type') === 'text/event-stream';
    if (operation !== undefined && !streamed) metrics.observe(contractOperation(operation).id, reply.statusCode, reply.elapsedTime / 1000);
  });
}
