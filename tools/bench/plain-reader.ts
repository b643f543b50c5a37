// Reads a file to its end in a plain loop whenever its parent process sends a message, and answers with the seconds of
// CPU that this took.
import { readPieces } from './read-pieces.ts';

const [, , path = ''] = process.argv;
process.on('message', async () => {
  const before = process.cpuUsage();
  for await (const _ of readPieces(path));
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / 1e6);
});
process.send?.('ready');
