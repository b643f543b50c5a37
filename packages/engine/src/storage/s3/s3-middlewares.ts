import type { S3Client } from '@aws-sdk/client-s3';
import { getHttpAuthSchemeEndpointRuleSetPlugin } from '@smithy/core';
import { constructStack } from '@smithy/core/client';
import { type EndpointParameterInstructions, getEndpointPlugin, resolveParams } from '@smithy/core/endpoints';
import { HttpRequest } from '@smithy/core/protocols';
import { getSchemaSerdePlugin } from '@smithy/core/schema';

type Stack = S3Client['middlewareStack'];
type Context = Parameters<Stack['resolve']>[1];
type Handler = Parameters<Stack['resolve']>[0];
/** Each step has a type of its own, but the SDK joins all of them in this way. */
type Middleware = (next: Handler, context: Context) => Handler;
type Plugin = Parameters<Stack['use']>[0];

/** Where requests go and what they are signed for. */
type Place = { readonly endpoint: string; readonly region: string; readonly forcePathStyle: boolean };

/** Middlewares that do nothing for requests that only list and read, have no body, and follow no redirect. */
const idleMiddlewares: readonly string[] = [
  'addExpectContinueMiddleware',
  'bucketEndpointMiddleware',
  'contentLengthMiddleware',
  'loggerMiddleware',
  'recursionDetectionMiddleware',
  'regionRedirectEndpointMiddleware',
  'regionRedirectMiddleware',
  'ssecMiddleware',
  // s3-storage-unit.ts refuses the buckets for which these do something.
  's3ExpressMiddleware',
  'validateBucketNameMiddleware',
  // Other services do not know the checksums that recent SDK versions add and expect.
  'flexibleChecksumsInputMiddleware',
  'flexibleChecksumsMiddleware',
  'flexibleChecksumsResponseMiddleware',
  // Only listings have such answers. s3-listing-request.ts finds them without another copy of the answer.
  'throw200ExceptionsMiddleware',
  // Builds the same long header for each request. A short one replaces it.
  'getUserAgentMiddleware',
];

/**
 * Makes the requests of a new client take less CPU time. They stay the same, except that they name another user agent.
 *
 * - The SDK puts the middlewares of each request in order. Here this happens once for each kind of command. The SDK's
 *   own option `cacheMiddleware` applies only to requests without a signal. It also gives all requests of a kind one
 *   context, which has the address of the bucket: requests at the same time go to each other's buckets. Here each
 *   request has its own context.
 * - The SDK copies its configuration five times for each request. A copy of the configuration can be copied much faster
 *   than the original, which has grown property by property.
 * - The SDK computes the parameters of the endpoint twice for each request, and creates a signer.
 */
export function economise(client: S3Client, place: Place): void {
  const config = { ...client.config };
  Object.assign(client, { config });

  const createSigner = config.signer;
  let signer: Awaited<ReturnType<typeof createSigner>> | null = null;
  config.signer = async (scheme) => {
    // It asks for the credentials each time, and is given the region.
    signer ??= await createSigner(scheme);
    return signer;
  };

  const parameters = parametersOf(place);
  const stack = client.middlewareStack;
  // Each replaces the middleware of the same name.
  stack.use(getSchemaSerdePlugin(config));
  stack.use(
    getHttpAuthSchemeEndpointRuleSetPlugin(config, {
      httpAuthSchemeParametersProvider: async (_, context: Context, input) => ({
        operation: context.commandName ?? '',
        region: place.region,
        ...(await resolveParams(input, { getEndpointParameterInstructions: () => parameters }, config)),
      }),
      identityProviderConfigProvider: async () => ({ getIdentityProvider: () => config.credentials }),
    }),
  );
  stack.add(
    (next) => async (args) => {
      if (HttpRequest.isInstance(args.request)) args.request.headers['user-agent'] = 'backup-sync';
      return next(args);
    },
    { name: 'nameUserAgent', step: 'build' },
  );
  client.middlewareStack = orderedOnce(stack, getEndpointPlugin(config, parameters));
}

/** What the rules of the SDK need to find the endpoint of a bucket. Only the bucket differs between requests. */
function parametersOf({ endpoint, region, forcePathStyle }: Place): EndpointParameterInstructions {
  const fixed = {
    Endpoint: endpoint,
    Region: region,
    ForcePathStyle: forcePathStyle,
    Accelerate: false,
    DisableMultiRegionAccessPoints: false,
    UseArnRegion: false,
    UseDualStack: false,
    UseFIPS: false,
    UseGlobalEndpoint: false,
  };
  return {
    Bucket: { type: 'contextParams', name: 'Bucket' },
    ...Object.fromEntries(
      Object.entries(fixed).map(([name, value]) => [name, { type: 'staticContextParams', value } as const]),
    ),
  };
}

/**
 * Commands must not have middlewares of their own: only those of the first command of each kind are used. `addressing`
 * replaces the middleware of commands that finds the endpoint.
 */
function orderedOnce(stack: Stack, addressing: Plugin): Stack {
  const orders = new Map<string, readonly Middleware[]>();
  function orderFor({ commandName = '' }: Context, ofCommand: Stack): readonly Middleware[] {
    let order = orders.get(commandName);
    if (order === undefined) {
      const whole = stack.concat(ofCommand);
      whole.use(addressing);
      order = orderOf(whole);
      orders.set(commandName, order);
    }
    return order;
  }
  const concat = (ofCommand: Stack): Stack => {
    const resolve = (handler: Handler, context: Context) =>
      orderFor(context, ofCommand).reduce((next, middleware) => middleware(next, context), handler);
    return { ...ofCommand, resolve: resolve as Stack['resolve'] };
  };
  return { ...stack, concat: concat as Stack['concat'] };
}

/** The middlewares that requests need, beginning with the one closest to the connection. */
function orderOf(stack: Stack): readonly Middleware[] {
  for (const name of idleMiddlewares) stack.remove(name);
  // A stack shows its order only by calling its middlewares.
  const order: Middleware[] = [];
  const recording: Stack = constructStack();
  function withRecorder<Options>(middleware: unknown, options: Options): [Middleware, Options] {
    const recorder: Middleware = (next) => {
      order.push(middleware as Middleware);
      return next;
    };
    // The SDK repeats the middleware in the options, and uses that one.
    return [recorder, { ...options, middleware: recorder }];
  }
  const add = (middleware: unknown, options: Parameters<Stack['add']>[1]) =>
    recording.add(...withRecorder(middleware, options));
  stack.applyToStack({
    ...recording,
    add: add as Stack['add'],
    addRelativeTo: (middleware, options) => recording.addRelativeTo(...withRecorder(middleware, options)),
  });
  recording.resolve(() => Promise.reject(new Error('only the order is needed')), {});
  return order;
}
