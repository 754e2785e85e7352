/** `npm run sbom`: prints what a user installs as a CycloneDX document. Knows the lockfile; npm knows the format. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Package {
  readonly version?: string;
  readonly dev?: true;
  devDependencies?: object;
}

export interface Lockfile {
  readonly packages: Record<string, Package>;
}

export function readLockfile(): Lockfile {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lockfile;
}

/**
 * By npm, in a copy without packages for developers: with --omit=dev it also leaves out what one of these has in common
 * with the program (npm 10 and 11).
 */
export function makeSbom(): string {
  const temporary = mkdtempSync(join(tmpdir(), 'secure-chat-'));
  // npm names the document after the folder.
  const folder = join(temporary, 'secure-chat');
  try {
    mkdirSync(folder);
    const { devDependencies: _, ...manifest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const lockfile = readLockfile();
    const used = Object.entries(lockfile.packages).filter(([, { dev }]) => dev !== true);
    const packages = Object.fromEntries(used);
    delete packages['']?.devDependencies;
    const write = (name: string, value: object) => writeFileSync(join(folder, name), JSON.stringify(value));
    write('package.json', manifest);
    write('package-lock.json', { ...lockfile, packages });
    const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
    return execFileSync('npm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(makeSbom());
