import type { FastifyInstance, RouteOptions } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Set by `rememberRoutes`. */
    routeTable: RouteTable;
  }
}

interface Route {
  /** `GET`, `POST` and so on; no `HEAD`, which follows from `GET`. */
  readonly method: string;
  /** As it was registered, such as `/api/v1/workflows/:workflowId`. */
  readonly path: string;
}

/** Which routes there are: the web server itself only says whether a request has one. */
class RouteTable {
  readonly #routes: Route[] = [];

  get routes(): readonly Route[] {
    return this.#routes;
  }

  /** The methods that an address takes; none when there is nothing at it. */
  methodsAt(url: string): string[] {
    const [path = ''] = url.split('?');
    const segments = path.split('/');
    const methods = this.#routes
      .filter((route) => matches(route.path.split('/'), segments))
      .map(({ method }) => method);
    return [...new Set(methods.includes('GET') ? ['HEAD', ...methods] : methods)].sort();
  }

  note({ method, path }: Pick<RouteOptions, 'method'> & { readonly path: string }): void {
    for (const each of [method].flat()) {
      if (each !== 'HEAD') this.#routes.push({ method: each, path });
    }
  }
}

/** Keeps a table of all routes that are registered from now on. */
export function rememberRoutes(fastify: FastifyInstance): void {
  const table = new RouteTable();
  fastify.decorate('routeTable', table);
  fastify.addHook('onRoute', (route) => {
    table.note(route);
  });
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) =>
      part.startsWith(':') ? segments[index] !== '' : part === segments[index],
    )
  );
}
