import { Name } from '@countersign/contracts';
import { RequestMethod, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import { z } from 'zod';

import { isPublic } from '../auth/auth.guard.js';
import { operationOf, type OperationSpec } from './operation.js';

/** A controller's method that answers HTTP requests. */
export interface DescribedRoute {
  /** Lower case. */
  readonly method: string;
  /** In the notation of OpenAPI, such as `/api/v1/workflows/{workflowId}`. */
  readonly path: string;
  /** Of a success. */
  readonly status: number;
  readonly isPublic: boolean;
  /** `workflows.pause` */
  readonly operationId: string;
  readonly tag: string;
  readonly operation: OperationSpec;
  readonly params: Readonly<Record<string, z.ZodType>>;
}

const reflector = new Reflector();

/** The routes of controllers that are described, from what Nest itself registers them by. */
export function describedRoutes(controllers: readonly Type[]): DescribedRoute[] {
  return controllers.flatMap((controller) => {
    const methods = Object.getOwnPropertyNames(controller.prototype);
    return methods.flatMap((name) => describe(controller, name) ?? []);
  });
}

function describe(controller: Type, name: string): DescribedRoute | undefined {
  const handler = (controller.prototype as Record<string, () => unknown>)[name];
  const operation = handler && operationOf(handler);
  if (!handler || !operation) return undefined;
  const method = reflector.get<RequestMethod>(METHOD_METADATA, handler);
  const place = [
    reflector.get<string>(PATH_METADATA, controller),
    reflector.get<string>(PATH_METADATA, handler),
  ];
  const segments = place.flatMap((part) => part.split('/')).filter((part) => part !== '');
  const tag = controller.name.replace(/Controller$/, '').toLowerCase();
  const said = reflector.get<unknown>(HTTP_CODE_METADATA, handler) as number | undefined;
  const usual = method === RequestMethod.POST ? 201 : 200;
  return {
    method: RequestMethod[method].toLowerCase(),
    path: `/${segments.map((part) => part.replace(/^:(.+)$/, '{$1}')).join('/')}`,
    status: said ?? usual,
    isPublic: isPublic(controller),
    operationId: `${tag}.${name}`,
    tag,
    operation,
    params: Object.fromEntries(
      segments
        .filter((part) => part.startsWith(':'))
        .map((part) => [part.slice(1), parameter(part.slice(1), operation, `${tag}.${name}`)]),
    ),
  };
}

function parameter(name: string, { params = {} }: OperationSpec, where: string): z.ZodType {
  const known = params[name] ?? (name === 'name' ? Name : undefined);
  if (known) return known;
  if (name.endsWith('Id')) return z.uuid();
  throw new Error(`${where}: say what :${name} is, as params: { ${name}: <schema> } of @Operation`);
}
