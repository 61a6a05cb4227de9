/** The routes of the running controller, as the HTTP server itself was told them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';

export interface ServedRoute {
  readonly method: string;
  /** As the server writes it: `/v1/pools/:poolId`. */
  readonly url: string;
}

/** Collects the routes of every server that is made while the work runs. */
export async function routesOf<T>(work: () => Promise<T>): Promise<{ result: T; routes: ServedRoute[] }> {
  const routes: ServedRoute[] = [];
  const watch = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of Array.isArray(method) ? method : [method]) routes.push({ method: one, url });
    });
  };
  subscribe('fastify.initialization', watch);
  try {
    return { result: await work(), routes };
  } finally {
    unsubscribe('fastify.initialization', watch);
  }
}
