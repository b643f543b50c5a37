import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../caller.ts';
import type { MutationContext } from '../calls/call-context.ts';
import type { ChangeName, StepInput, StepOutput } from '../catalogue/steps.ts';
import type { Services } from '../services.ts';

/** A context for handlers that a test calls directly, without an engine. It can be used for any number of calls. */
export function contextOfCalls(services: Services, caller: Caller): MutationContext & { readonly services: Services } {
  const requestId = 'request-1';
  const { kind, name, projectId } = caller;
  return {
    services,
    caller,
    requestId,
    change: async <Name extends ChangeName>(step: Name, ...input: StepInput<Name>): Promise<StepOutput<Name>> => {
      const call = {
        projectId,
        actor: { kind, name },
        operation: step,
        subjects: [],
        door: 'engine',
        address: null,
      } as const;
      const event = { ...call, requestId, id: uuidv7(), atMs: services.world.clock.nowMs() };
      const { answer } = await services.catalogue.change(event, step, ...input);
      return answer;
    },
  };
}
