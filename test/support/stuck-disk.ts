/** Loaded before a program (`--import`): what it writes through a stream gets as far as the first piece, forever. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { createWriteStream } = fs;
const dayMs = 24 * 60 * 60_000;

fs.createWriteStream = (...args) => {
  const stream = createWriteStream(...args);
  const write = stream._write;
  stream._write = (piece, encoding) => {
    write.call(stream, piece, encoding, () => {
      // As a write that is not over does, it keeps the process.
      const stuck = setInterval(() => {}, dayMs);
      stream.once('close', () => clearInterval(stuck));
    });
  };
  return stream;
};
syncBuiltinESMExports();
