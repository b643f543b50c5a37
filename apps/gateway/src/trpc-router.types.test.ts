import type { AppRouter } from '@backup-sync/trpc';
import type { inferRouterContext, inferRouterError, inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { expectTypeOf, test } from 'vitest';
import type { appRouter, TrpcContext } from './trpc-router.ts';

// The compiler checks these; at run time they do nothing.
test('clients get the type of the router, except for its context', () => {
  type Router = typeof appRouter;
  type Root<Any extends { _def: { _config: { $types: unknown } } }> = Any['_def']['_config']['$types'];
  expectTypeOf<AppRouter['_def']['record']>().toEqualTypeOf<Router['_def']['record']>();
  expectTypeOf<Omit<Root<AppRouter>, 'ctx'>>().toEqualTypeOf<Omit<Root<Router>, 'ctx'>>();
  expectTypeOf<inferRouterInputs<AppRouter>>().toEqualTypeOf<inferRouterInputs<Router>>();
  expectTypeOf<inferRouterOutputs<AppRouter>>().toEqualTypeOf<inferRouterOutputs<Router>>();
  expectTypeOf<inferRouterError<AppRouter>>().toEqualTypeOf<inferRouterError<Router>>();
  expectTypeOf<inferRouterContext<Router>>().toEqualTypeOf<TrpcContext>();
  expectTypeOf<inferRouterContext<AppRouter>>().toEqualTypeOf<unknown>();
});
