/** The version in package.json. */
import { createRequire } from 'node:module';

// The package names itself: the same from lib/ and from dist/lib/.
const manifest = createRequire(import.meta.url)('secure-chat/package.json') as { version: string };

export const version: string = manifest.version;
