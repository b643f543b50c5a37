/** The CBR REST API and tRPC over the engine. */
export { ListenError } from './listen.ts';
export { type RunningGateway, type ServeOptions, serve } from './serve.ts';
export type { AppRouter } from './trpc-router.ts';
