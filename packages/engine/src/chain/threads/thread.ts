import { parentPort, workerData } from 'node:worker_threads';
import { useNetwork } from '../../network.ts';
import { parseStorage } from '../../storage/drivers.ts';
import { openStorageUnit } from '../../storage/open-storage-unit.ts';
import { PieceMemoryPool } from '../../storage/piece-memories.ts';
import { failureOf, proveBatch } from '../content/prove-batch.ts';
import { readVerified } from '../content/verified-bytes.ts';
import { AskingStorage } from './asking-storage.ts';
import { type FromThread, packResult, type StorageOpening, type ToThread } from './messages.ts';
import { PieceMemory } from './piece-memory.ts';
import { PieceSender } from './piece-sender.ts';
import { packError } from './sent-error.ts';

if (parentPort === null) throw new Error('This file must be started as a worker thread.');
const port = parentPort;
const send = (message: FromThread) => port.postMessage(message);

/** Each thread has its own client, because threads cannot share connections. */
const opening = open();
// Every use awaits it and gets the error.
opening.catch(() => {});
const senders = new Map<number, PieceSender>();
const memory = new PieceMemory();
/** Memory for stored bytes. */
const storedMemory = new PieceMemoryPool();
/** Never aborted: a thread that is no longer needed is terminated, whatever it is doing. */
const { signal } = new AbortController();

async function open(): Promise<AskingStorage> {
  // Only StorageThread sets it, so it has this shape.
  const { id, specification, environment } = workerData as StorageOpening;
  // Without a service there are no connections, and trusting a bundle of authorities takes a quarter of a second.
  const isReached = parseStorage(specification).location.host !== null;
  if (isReached && environment?.network !== undefined) useNetwork(environment.network);
  return new AskingStorage(await openStorageUnit(specification, environment, { id }), send);
}

async function prove({ id, bucketName, jobs }: Extract<ToThread, { kind: 'prove' }>): Promise<void> {
  try {
    const { unit } = await opening;
    send({ kind: 'proved', id, result: packResult(await proveBatch(unit, bucketName, jobs, signal)) });
  } catch (error) {
    const result = { objects: 0, storedBytes: 0, plainBytes: 0, failure: failureOf(error) };
    send({ kind: 'proved', id, result: packResult(result) });
  }
}

async function read({ id, bucketName, object }: Extract<ToThread, { kind: 'read' }>): Promise<void> {
  const sender = new PieceSender(memory, (piece) => send({ kind: 'piece', id, ...piece, added: memory.takeAdded() }));
  senders.set(id, sender);
  const stored = storedMemory.take(object.storedBytes);
  try {
    const { unit } = await opening;
    await sender.send(readVerified(unit, bucketName, object, signal, stored));
    send({ kind: 'end', id, error: null });
  } catch (error) {
    send({ kind: 'end', id, error: packError(error) });
  } finally {
    senders.delete(id);
    storedMemory.free(stored);
  }
}

port.on('message', async (message: ToThread) => {
  switch (message.kind) {
    case 'prove':
      return await prove(message);
    case 'read':
      memory.free(message.free);
      return await read(message);
    case 'send':
      memory.free(message.free);
      return senders.get(message.id)?.allow(message.bytes);
    case 'drop':
      return senders.get(message.id)?.drop();
    default:
      return (await opening).receive(message);
  }
});
