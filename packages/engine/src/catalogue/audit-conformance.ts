import { v7 as newId } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CallEvent } from './audit-records.ts';
import type { Catalogue } from './catalogue.ts';
import { makeAcceptance, makeItem, makeRun, makeSource, type OpenCatalogue } from './fixtures-for-conformance.ts';

/** Every catalogue writes the event of a call together with the change, or not at all. */
export function describeAudit(open: OpenCatalogue): void {
  const projectId = 'project-1';
  let catalogue: Catalogue;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  function makeEvent(operation: string): CallEvent {
    return {
      id: newId(),
      atMs: 5_000,
      projectId,
      actor: { kind: 'user', name: 'ada' },
      operation,
      subjects: [{ field: 'name', value: 'of the input' }],
      door: 'rest',
      address: '10.0.0.1',
      requestId: newId(),
    };
  }

  const find = async ({ id }: CallEvent) => {
    const { events } = await catalogue.audit.listAuditEvents({ limit: 1000 });
    return events.find((event) => event.id === id);
  };

  test('a change leaves an event with the outcome done and the ids that it created', async () => {
    const event = makeEvent('createProject');
    const project = { id: newId(), name: 'first', createdAtMs: 1_000 };
    expect(await catalogue.change(event, 'addProject', project)).toEqual({ answer: [], isRecorded: true });
    expect(await find(event)).toEqual({
      ...event,
      subjects: [...event.subjects, { field: 'target_project_id', value: project.id }],
      outcome: 'done',
      errorCode: null,
    });
    expect(await catalogue.directory.listProjects()).toEqual([project]);
  });

  test('a step that does not do what the call wanted leaves no event', async () => {
    const event = makeEvent('createProject');
    const project = { id: newId(), name: 'first', createdAtMs: 2_000 };
    const refused = { answer: 'name_taken', isRecorded: false };
    expect(await catalogue.change(event, 'addProject', project)).toEqual(refused);
    expect(await find(event)).toBeUndefined();
  });

  test('a step that throws leaves neither change nor event, and steps in the same commit are not undone', async () => {
    const [event, good] = [makeEvent('syncBackups'), makeEvent('syncBackups')];
    const acceptance = makeAcceptance(projectId, [makeItem('a')]);
    const [first] = acceptance.items;
    // The same id twice, so that the second import cannot be written.
    const items = [...acceptance.items, { ...first, item: makeItem('b') }] as typeof acceptance.items;
    const broken = catalogue.change(event, 'accept', { ...acceptance, items });
    const written = catalogue.change(good, 'accept', makeAcceptance(projectId, [makeItem('c')]));
    await expect(broken).rejects.toThrow(/unique constraint/i);
    expect(await written).toMatchObject({ isRecorded: true });
    expect(await find(event)).toBeUndefined();
    expect(await catalogue.operations.showOperation(projectId, first?.id ?? '')).toBeNull();
    expect(await find(good)).toMatchObject({ outcome: 'done' });
  });

  test('a change is not made if its event cannot be written', async () => {
    const event = makeEvent('createProject');
    const project = (name: string) => ({ id: newId(), name, createdAtMs: 3_000 });
    await catalogue.change(event, 'addProject', project('second'));
    await expect(catalogue.change(event, 'addProject', project('third'))).rejects.toThrow(/unique constraint/i);
    expect((await catalogue.directory.listProjects()).map(({ name }) => name)).toEqual(['first', 'second']);
  });

  test('joining a run is recorded unless the call confirms removals; CBR events name only the vault', async () => {
    const source = makeSource(projectId, newId());
    await catalogue.sources.addSource(source);
    const start = (event: CallEvent, confirmsRemovals: boolean) => {
      const operation = makeRun(projectId, source.id, newId());
      return catalogue.change(event, 'startRun', {
        sourceId: source.id,
        operation,
        nextRunAtMs: null,
        confirmsRemovals,
      });
    };
    const events = ['scanSource', 'scanSource', 'syncCheckpoint', 'confirmSource'].map(makeEvent);
    const [first, again, ofCbr, confirming] = events as [CallEvent, CallEvent, CallEvent, CallEvent];
    const { answer } = await start(first, false);
    expect(await start(again, false)).toEqual({ answer: { ...answer, isNew: false }, isRecorded: true });
    expect(await start(ofCbr, false)).toMatchObject({ isRecorded: true });
    expect(await start(confirming, true)).toMatchObject({ answer: { isNew: false }, isRecorded: false });
    const named = [...first.subjects, { field: 'operation_id', value: answer?.operationId }];
    expect(await find(first)).toMatchObject({ subjects: named });
    expect(await find(again)).toMatchObject({ subjects: named });
    expect((await find(ofCbr))?.subjects).toEqual(ofCbr.subjects);
    expect(await find(confirming)).toBeUndefined();
  });
}
